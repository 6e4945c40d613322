using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EventGrains.Cli.Hosting;
using EventGrains.Silo.Store;
using Microsoft.AspNetCore.Connections;

namespace EventGrains.Tests.Cli;

public sealed class HostingTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("eventgrains-host-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Dev_says_where_it_serves_and_ends_well_when_told_to_stop()
    {
        using var stop = new CancellationTokenSource();
        var metrics = "";
        using var output = new SignalWriter("ready  ", () => { });
        var asking = Task.CompletedTask;
        using var asked = new SignalWriter("ready  ", () => asking = Task.Run(async () =>
        {
            using var http = new HttpClient();
            var url = output.ToString();
            metrics = await http.GetStringAsync(new Uri(url.Split("  ", 2)[1].Split(' ')[0] + "/metrics"));
            await stop.CancelAsync();
        }));
        using var both = new Tee(output, asked);

        var ran = await Ran.With(new RunWith { Directory = directory, Output = both, Stop = stop.Token }, "dev", "--port", "0", "--log-level", "error");
        await asking;

        Assert.Equal(0, ran.ExitCode);
        Assert.Matches(@"\Aready  http://127\.0\.0\.1:\d+   watching \./inbox\n\z", output.ToString());
        Assert.True(Directory.Exists(Path.Combine(directory, "inbox")));
        Assert.True(Directory.Exists(Path.Combine(directory, "eventgrains-dev", "mirror", "inbox")));
        Assert.Contains("./eventgrains-dev", ran.Error, StringComparison.Ordinal);
        Assert.NotEmpty(metrics);
    }

    [Fact]
    public async Task A_port_in_use_is_exit_code_8_with_the_remedy()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var ran = await Ran.With(new RunWith { Directory = directory }, "dev", "--port", $"{port}");

        Assert.Equal(8, ran.ExitCode);
        Assert.Empty(ran.Out);
        Assert.Contains("--port 0", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listening_to_the_world_without_tokens_is_refused_with_the_remedy()
    {
        var ran = await Ran.With(new RunWith { Directory = directory }, "dev", "--port", "0", "--listen", "0.0.0.0");

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("--token-file", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# a comment\n\n")]
    [InlineData("short\n")]
    public async Task A_token_file_that_protects_nothing_is_refused(string text)
    {
        File.WriteAllText(Path.Combine(directory, "tokens"), text);

        var ran = await Ran.With(new RunWith { Directory = directory }, "dev", "--port", "0", "--token-file", "tokens");

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("openssl rand", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_are_read_one_a_line()
    {
        var path = Path.Combine(directory, "tokens");
        File.WriteAllText(path, "# alice\n0123456789abcdef\r\n\n  fedcba9876543210\n");

        Assert.Equal(["0123456789abcdef", "fedcba9876543210"], TokenFile.Read(new RunWith().Surroundings(TextWriter.Null, TextWriter.Null), path));
    }

    [Fact]
    public async Task Actions_that_are_no_assembly_are_refused()
    {
        File.WriteAllText(Path.Combine(directory, "actions.dll"), "no assembly");

        var ran = await Ran.With(new RunWith { Directory = directory }, "dev", "--port", "0", "--actions", "actions.dll");

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("EventGrains.Contracts", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_start_is_explained_however_deep_its_cause_lies()
    {
        var used = ServerHost.Explain(new InvalidOperationException("outer", new AggregateException(new StoreUnusableException("/d is in use by process 7; stop it."))), 8080);
        var held = ServerHost.Explain(new IOException("outer", new AddressInUseException("inner")), 8080);

        Assert.Equal((7, "/d is in use by process 7; stop it."), (used?.ExitCode, used?.Message));
        Assert.Equal(8, held?.ExitCode);
        Assert.Null(ServerHost.Explain(new InvalidOperationException("a bug"), 8080));
    }

    [Fact]
    public async Task Rules_with_errors_are_linted_with_exit_code_1_and_never_run()
    {
        File.WriteAllText(Path.Combine(directory, "bad.yaml"), "kind: Nonsense\n");

        var lint = await Ran.With(new RunWith { Directory = directory }, "rule", "lint", ".");
        var run = await Ran.With(new RunWith { Directory = directory }, "server", "--data", "data", "--rules", "bad.yaml", "--port", "0");

        Assert.Equal(1, lint.ExitCode);
        Assert.All(lint.Lines, l => Assert.Matches(@"bad\.yaml:\d+:\d+: (error|warning): .+; .+", l));
        Assert.NotEmpty(lint.Lines);
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task Rules_that_are_not_there_are_a_usage_error() =>
        Assert.Equal(2, (await Ran.With(new RunWith { Directory = directory }, "rule", "lint", "missing.yaml")).ExitCode);

    [Theory]
    [InlineData("""{"at":"2026-01-01T12:00:01Z","storage":"inbox","id":"inbox:1","path":"/run42.h5","kind":"stored","version":1}""", null, "12:00:01  inbox/run42.h5  stored       version 1")]
    [InlineData("""{"at":"2026-01-01T12:00:01Z","storage":"inbox","id":"inbox:1","path":"/run42.h5","kind":"replicated","version":2}""", "mirror  adler32:0a1b2c3d", "12:00:01  inbox/run42.h5  replicated   mirror  adler32:0a1b2c3d")]
    [InlineData("""{"at":"2026-01-01T12:00:01Z","storage":"s","id":"s:1","path":null,"kind":"replicaCorrupt","version":3}""", null, "12:00:01  s:1  replicaCorrupt  version 3")]
    [InlineData("""{"at":"2026-01-01T12:00:01Z","storage":"s","id":"s:1","path":"/a\nready  http://evil","kind":"stored","version":1}""", null, @"12:00:01  s/a\nready  http://evil  stored       version 1")]
    public void A_transition_is_one_line(string transition, string? copy, string line)
    {
        using var document = JsonDocument.Parse(transition);

        Assert.Equal(line, DevLines.LineOf(document.RootElement, copy, TimeZoneInfo.Utc));
    }

    /// <summary>Two writers at once: one keeps, the other then reacts.</summary>
    private sealed class Tee(TextWriter first, TextWriter second) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            first.WriteLine(value);
            second.WriteLine(value);
        }
    }
}
