using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;
using EventGrains.Files;

namespace EventGrains.Cli.Verbs;

/// <summary><c>file wait</c>: ends when a file has come so far. Subscribes first and asks afterwards, so nothing falls between; never polls.</summary>
internal static class FileWait
{
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(30);

    public static Verb Create(Surroundings surroundings)
    {
        var file = FileReference.Argument();
        var wanted = new Option<string>("--for")
        {
            HelpName = string.Join('|', Words.All<FileStatus>()),
            Required = true,
            Description = "What to wait for. A file that has come further counts: what is processed is also stored.",
        }.AcceptOnlyFromAmong(Words.All<FileStatus>());
        var timeout = Outputs.Span("--timeout", "How long to wait, 30s by default; then the exit code is 5.");
        return new Verb("wait", "Waits until a file has come so far; it need not be known yet.", "eventgrains file wait inbox:/run42.h5 --for processed --timeout 30s")
            .With(file, wanted, timeout)
            .Asks(surroundings, (asking, ct) => Wait(asking, asking.Value(file), asking.Value(wanted)!, asking.Value(timeout) ?? TimeoutDefault, ct));
    }

    private static async Task<int> Wait(Asking asking, FileReference file, string wanted, TimeSpan timeout, CancellationToken ct)
    {
        using var clock = new CancellationTokenSource(timeout, asking.Surroundings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, clock.Token);
        var seen = "unknown to the server";
        try
        {
            var stream = new TransitionStream(asking.Server, asking.Surroundings.Time, asking.Tell);
            await foreach (var heard in stream.Read(FileWatch.FilterOf(file), timeout, either.Token))
            {
                // What was missed in a gap, or before the subscription stood, is in the state; what comes later will be heard.
                if (heard.Kind == HeardKind.Transition && !FileWatch.IsAbout(file, heard.Data))
                {
                    continue;
                }

                if (await Find(asking, file, either.Token) is not { } answer)
                {
                    continue;
                }

                using var state = JsonDocument.Parse(answer);
                if (Holds(state.RootElement, wanted))
                {
                    asking.Printer.One(answer, f => FileVerbs.Show(asking.Printer, f));
                    return ExitCode.Ok;
                }

                seen = state.RootElement.Text("status");
            }
        }
        catch (OperationCanceledException) when (clock.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // The message below.
        }

        throw new VerbFailure(
            ExitCode.TimedOut,
            $"{Printable.Of(file.Text)} is not {wanted} after {timeout.TotalSeconds:0.###} s; it is {seen}. `eventgrains file get` shows what is missing; wait longer by --timeout.");
    }

    /// <summary>Whether a file, as JSON, has come so far: its status says it, or a facet that the status no longer names.</summary>
    public static bool Holds(JsonElement file, string wanted)
    {
        var status = file.Text("status");
        var isThere = file.Text("existence") == "stored" && status != "lost";
        return status == wanted || wanted switch
        {
            "uploading" => file.Text("existence") == "stored",
            "stored" => isThere,
            // On disk and on tape: there is nothing left to bring back.
            "staged" => isThere && file.Text("locality") == "both",
            "replicated" => isThere && PresentReplicas(file) >= 2,
            "deleted" => file.Text("existence") == "deleted",
            _ => false,
        };
    }

    private static int PresentReplicas(JsonElement file) =>
        file.Items("replicas").Where(r => r.Text("state") == "present").Select(r => (r.Text("storage"), r.Text("pool"))).Distinct().Count();

    private static async Task<string?> Find(Asking asking, FileReference file, CancellationToken ct)
    {
        try
        {
            return await asking.Server.Get(file.Address, ct);
        }
        catch (VerbFailure e) when (e.ExitCode == ExitCode.NotFound && e.IsUnknown)
        {
            // It may come yet.
            return null;
        }
    }
}
