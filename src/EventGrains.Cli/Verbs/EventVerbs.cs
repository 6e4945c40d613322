using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;
using EventGrains.Files;

namespace EventGrains.Cli.Verbs;

internal static class EventVerbs
{
    public static readonly TimeSpan RetryForDefault = TimeSpan.FromMinutes(5);

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "events",
        "Events in, transitions out.",
        "eventgrains events publish billing.jsonl --source dcache",
        EventsPublish.Create(surroundings),
        Tail(surroundings));

    public static Option<string?> From() => new Option<string?>("--from")
    {
        HelpName = "earliest|latest",
        Description = "Begin with the oldest transition kept, or with what comes next (the default).",
    }.AcceptOnlyFromAmong("earliest", "latest");

    public static Option<TimeSpan?> RetryFor() =>
        Outputs.Span("--retry-for", "How long to try again when the connection is lost, 5m by default; then the exit code is 4.");

    /// <summary>Prints transitions that are wanted, as JSON lines, until so many were printed or the user ends it.</summary>
    public static async Task<int> Print(Asking asking, TransitionFilter filter, Func<string, bool> isWanted, long count, TimeSpan? retryFor, CancellationToken ct)
    {
        try
        {
            var stream = new TransitionStream(asking.Server, asking.Surroundings.Time, asking.Tell);
            await foreach (var heard in stream.Read(filter, retryFor ?? RetryForDefault, ct))
            {
                if (heard.Kind == HeardKind.Gap)
                {
                    TellGap(asking, heard.Data);
                }
                else if (heard.Kind == HeardKind.Transition && isWanted(heard.Data))
                {
                    asking.Printer.Line(heard.Data);
                    if (--count == 0)
                    {
                        break;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // There is no other end to following.
        }

        return ExitCode.Ok;
    }

    private static void TellGap(Asking asking, string gap)
    {
        using var document = JsonDocument.Parse(gap);
        asking.Tell($"Gap: transitions from {document.RootElement.Text("from")} to {document.RootElement.Text("to")} are no longer kept. `eventgrains file list` gives the present state.");
    }

    private static Verb Tail(Surroundings surroundings)
    {
        var from = From();
        var path = new Option<string[]>("--path") { HelpName = "GLOB", Description = "Only files whose path matches; may repeat." };
        var dataset = new Option<string[]>("--dataset") { HelpName = "NAME", Description = "Only files of this dataset; may repeat." };
        var kind = new Option<string[]>("--kind") { HelpName = "KIND", Description = $"Only transitions of this kind; may repeat: {string.Join(", ", Words.All<TransitionKind>())}." }
            .AcceptOnlyFromAmong(Words.All<TransitionKind>());
        var count = new Option<int?>("--count") { HelpName = "N", Description = "End after so many transitions.", Validators = { Outputs.AtLeastOne } };
        var retryFor = RetryFor();
        return new Verb("tail", "Prints transitions as JSON lines as they are committed, until it is ended.", "eventgrains events tail --path '/runs/**' --kind stored --count 10")
            .With(from, path, dataset, kind, count, retryFor)
            .Asks(surroundings, (asking, ct) =>
            {
                var filter = new TransitionFilter
                {
                    Paths = asking.Value(path) ?? [],
                    Datasets = asking.Value(dataset) ?? [],
                    Kinds = asking.Value(kind) ?? [],
                    From = asking.Value(from),
                };
                return Print(asking, filter, _ => true, asking.Value(count) ?? long.MaxValue, asking.Value(retryFor), ct);
            });
    }
}
