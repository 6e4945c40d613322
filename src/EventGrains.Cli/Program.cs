using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using EventGrains.Cli;

// The first SIGTERM or Ctrl-C asks the verb to end well; a second one ends at once, whatever is under way.
using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    if (stop.IsCancellationRequested)
    {
        Environment.Exit(signal.Signal == PosixSignal.SIGINT ? 130 : 143);
    }

    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

await using var output = new StreamWriter(StandardOutput.Open(), new UTF8Encoding(false)) { AutoFlush = true };
return await CommandLine.Run(
    args,
    new Surroundings
    {
        Input = Console.OpenStandardInput(),
        Output = output,
        Error = Console.Error,
        OutputIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal),
        Directory = Environment.CurrentDirectory,
    },
    stop.Token);
