using System.Text;
using EventGrains.Cli;

namespace EventGrains.Tests.Cli;

/// <summary>How one run of the program ended, and what it said where.</summary>
internal sealed record Ran(int ExitCode, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Ran> Of(params string[] args) => With(new RunWith(), args);

    public static Task<Ran> Against(FakeServer server, params string[] args) => With(new RunWith { Server = server.Url }, args);

    public static async Task<Ran> With(RunWith with, params string[] args)
    {
        using var output = with.Output ?? new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.Run(args, with.Surroundings(output, error), with.Stop);
        return new Ran(code, output.ToString()!, error.ToString());
    }
}

/// <summary>What a run stands in; what a test does not say is empty.</summary>
internal sealed record RunWith
{
    public string? Server { get; init; }

    public byte[] Input { get; init; } = [];

    public string Directory { get; init; } = Path.GetTempPath();

    public Dictionary<string, string> Environment { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public TextWriter? Output { get; init; }

    public CancellationToken Stop { get; init; }

    public static RunWith Lines(FakeServer server, params string[] lines) =>
        new() { Server = server.Url, Input = Encoding.UTF8.GetBytes(string.Join('\n', lines)) };

    public Surroundings Surroundings(TextWriter output, TextWriter error)
    {
        var environment = new Dictionary<string, string>(Environment);
        if (Server is not null)
        {
            environment["EVENTGRAINS_SERVER"] = Server;
        }

        return new Surroundings
        {
            Input = new MemoryStream(Input),
            Output = output,
            Error = error,
            Environment = environment,
            Directory = Directory,
            Time = Time,
        };
    }
}
