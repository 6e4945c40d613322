using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

internal static class DatasetVerbs
{
    public static readonly Column[] Columns =
    [
        Column.Of("name"),
        Column.Of("files"),
        new("BYTES", d => d.Bytes("bytes")),
        Column.Of("counts"),
        Column.Of("UPDATED", "updatedAt"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "dataset",
        "Files that belong together, counted by status.",
        "eventgrains dataset list",
        List(surroundings),
        Get(surroundings));

    private static Verb List(Surroundings surroundings)
    {
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("list", "Lists the datasets with their counts.", "eventgrains dataset list")
            .With(limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                await asking.Printer.List(asking.Server, () => new QueryText("/v1/datasets"), asking.Value(after), asking.Value(limit), Columns, ct);
                return ExitCode.Ok;
            });
    }

    private static Verb Get(Surroundings surroundings)
    {
        var name = new Argument<string>("NAME") { Description = "The dataset's name, such as run-42." };
        var recount = new Option<bool>("--recount") { Description = "Also count over all files, at the same commit index: both must be equal." };
        return new Verb("get", "Shows one dataset.", "eventgrains dataset get run-42 --recount")
            .With(name, recount)
            .Asks(surroundings, async (asking, ct) =>
            {
                var query = new QueryText($"/v1/datasets/{Uri.EscapeDataString(asking.Value(name))}").Add("recount", asking.Value(recount) ? "true" : null);
                asking.Printer.One(await asking.Server.Get(query.ToString(), ct), dataset => Show(asking.Printer, dataset));
                return ExitCode.Ok;
            });
    }

    private static void Show(Printer printer, JsonElement dataset)
    {
        List<JsonElement> rows = [dataset];
        if (dataset.Part("recount") is { ValueKind: JsonValueKind.Object } recount)
        {
            rows.Add(recount);
        }

        string[] sources = ["kept", "recounted"];
        printer.Rows(
            ["", .. Columns.Select(c => c.Title)],
            rows.Select((row, i) => (string[])[rows.Count == 1 ? "" : sources[i], .. Columns.Select(c => c.Value(row))]));
    }
}
