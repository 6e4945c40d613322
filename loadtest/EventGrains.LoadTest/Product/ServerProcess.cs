using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace EventGrains.LoadTest.Product;

/// <summary>How to start the product.</summary>
/// <param name="Port">0 takes a free one.</param>
/// <param name="Settings">Each <c>KEY=VALUE</c>.</param>
/// <param name="LogPath">Gets what the product writes to stderr, appended.</param>
internal sealed record ServerLaunch(ProductFiles Product, string DataDirectory, string RulesPath, int Port, string LogPath, params string[] Settings);

/// <summary>The product as a process of its own, so that its memory and CPU time are its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamWriter _log;

    private ServerProcess(ServerLaunch launch)
    {
        _log = new StreamWriter(new FileStream(launch.LogPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        _process = new Process { StartInfo = StartInfo(launch), EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.Exited += (_, _) => _ready.TrySetException(new ProductException($"the product ended before it was ready; see {launch.LogPath}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Of a process that has ended; 128 and the signal's number where a signal ended it.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Completes with the address it serves at; fails when the process ends first.</summary>
    public Task<Uri> Ready => _ready.Task;

    /// <summary>Starts it and returns at once.</summary>
    public static ServerProcess Launch(ServerLaunch launch) => new(launch);

    /// <summary>Starts it and waits until it serves.</summary>
    public static async Task<ServerProcess> Start(ServerLaunch launch, CancellationToken ct)
    {
        var server = new ServerProcess(launch);
        try
        {
            await server.Ready.WaitAsync(ReadyWithin, ct);
            return server;
        }
        catch (Exception e)
        {
            await server.DisposeAsync();
            throw e is TimeoutException ? new ProductException($"the product was not ready within {ReadyWithin.TotalSeconds:0} s; see {launch.LogPath}") : e;
        }
    }

    /// <summary>kill -9, and returns when the process is gone.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM: the product commits what it took and ends. Its exit code.</summary>
    public async Task<int> Stop()
    {
        Send(SigTerm);
        await _process.WaitForExitAsync().WaitAsync(StopsWithin);
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP: not one instruction more until <see cref="Thaw"/>; its connections stay.</summary>
    public void Freeze() => Send(SigStop);

    public void Thaw() => Send(SigCont);

    /// <summary>Returns when the process has ended, for whatever reason.</summary>
    public Task WaitForEnd(CancellationToken ct) => _process.WaitForExitAsync(ct);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await Kill();
        }

        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }
    }

    private static ProcessStartInfo StartInfo(ServerLaunch launch)
    {
        var isDll = launch.Product.Executable.EndsWith(".dll", StringComparison.Ordinal);
        string[] arguments =
        [
            .. isDll ? [launch.Product.Executable] : Array.Empty<string>(),
            "server", "--data", launch.DataDirectory, "--rules", launch.RulesPath,
            "--port", launch.Port.ToString(CultureInfo.InvariantCulture),
            "--actions", launch.Product.Actions,
            .. launch.Settings.SelectMany(setting => new[] { "--set", setting }),
        ];
        return new ProcessStartInfo(isDll ? "dotnet" : launch.Product.Executable, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private void Send(int signal)
    {
        if (!_process.HasExited && Signal(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"signal {signal} did not reach process {_process.Id}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    // "ready  URL" is the one line that a script may wait for.
    private void Heard(string? line)
    {
        if (line is not null && line.StartsWith("ready ", StringComparison.Ordinal))
        {
            _ready.TrySetResult(new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        }

        Log(line);
    }

    private void Log(string? line)
    {
        lock (_log)
        {
            if (line is not null && _log.BaseStream.CanWrite)
            {
                _log.WriteLine(line);
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Signal(int process, int signal);
}
