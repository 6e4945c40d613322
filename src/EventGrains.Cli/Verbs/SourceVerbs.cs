using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

internal static class SourceVerbs
{
    public static readonly Column[] Columns =
    [
        Column.Of("name"),
        Column.Of("type"),
        Column.Of("format"),
        Column.Of("storage"),
        Column.Of("state"),
        new("PARTITIONS", s => s.Items("partitions").Count().ToString(CultureInfo.InvariantCulture)),
        new("LAG BYTES", s => s.Items("partitions").Sum(p => p.Number("lagBytes")).ToString(CultureInfo.InvariantCulture)),
        Column.Of("reason"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "source",
        "Where events come from.",
        "eventgrains source list",
        List(surroundings),
        Seek(surroundings),
        Resume(surroundings));

    private static Verb List(Surroundings surroundings) =>
        new Verb("list", "Lists the declared sources: their state, and how far behind they are.", "eventgrains source list -o jsonl")
            .Asks(surroundings, async (asking, ct) =>
            {
                asking.Printer.WholeList(await asking.Server.Get("/v1/sources", ct), Columns);
                return ExitCode.Ok;
            });

    private static Verb Seek(Surroundings surroundings)
    {
        var name = Name();
        var partition = new Option<string>("--partition") { HelpName = "P", Required = true, Description = "Which partition, as `source list -o json` names it." };
        var to = new Option<string>("--to")
        {
            HelpName = "earliest|latest|POSITION",
            Required = true,
            Description = "Where to read on. Records read again change nothing that is known; records skipped are not read.",
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [{ Value: var text }] && text is not ("earliest" or "latest") && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    {
                        result.AddError($"'{text}' is no place for --to. Write earliest, latest, or a position (a whole number from 0).");
                    }
                },
            },
        };
        return new Verb(
                "seek",
                "Reads a partition of a pulled source again from a position, or skips to it.",
                "eventgrains source seek billing --partition 4711 --to earliest")
            .With(name, partition, to)
            .Asks(surroundings, (asking, ct) => Command(
                asking,
                $"/v1/sources/{Uri.EscapeDataString(asking.Value(name))}/seek",
                JsonSerializer.Serialize(new { partition = asking.Value(partition), to = asking.Value(to) }, JsonText.Compact),
                $"{asking.Value(name)} reads partition {asking.Value(partition)} from {asking.Value(to)}.",
                ct));
    }

    private static Verb Resume(Surroundings surroundings)
    {
        var name = Name();
        var skip = new Option<bool>("--skip-unreadable") { Description = "Keep unreadable records as dead letters and do not pause for them again until the source has read on." };
        return new Verb(
                "resume",
                "Lets a source go on that paused itself because too many of its records were unreadable.",
                "eventgrains source resume billing --skip-unreadable")
            .With(name, skip)
            .Asks(surroundings, (asking, ct) => Command(
                asking,
                $"/v1/sources/{Uri.EscapeDataString(asking.Value(name))}/resume",
                JsonSerializer.Serialize(new { skipUnreadable = asking.Value(skip) }, JsonText.Compact),
                $"{asking.Value(name)} goes on.",
                ct));
    }

    private static Argument<string> Name() => new("NAME") { Description = "The source's name." };

    private static async Task<int> Command(Asking asking, string path, string json, string done, CancellationToken ct)
    {
        Commands.Done(asking, await asking.Server.Post(path, json, ct), done);
        return ExitCode.Ok;
    }
}
