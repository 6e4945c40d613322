using System.Text.Json;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

internal static class StatusVerb
{
    public static Verb Create(Surroundings surroundings) =>
        new Verb("status", "Says how the server is: its store, sources, datasets, rules, and what is not as it should be.", "eventgrains status")
            .Asks(surroundings, async (asking, ct) =>
            {
                asking.Printer.One(await asking.Server.Get("/v1/status", ct), status => Show(asking.Printer, status));
                return ExitCode.Ok;
            });

    private static void Show(Printer printer, JsonElement status)
    {
        var store = status.Part("store") ?? default;
        printer.Rows(
            ["", ""],
            [
                ["version", status.Text("version")],
                ["ready", status.Text("ready")],
                ["store", string.Join("  ", new[] { store.Text("kind"), store.Text("path"), store.Bytes("bytes") }.Where(t => t.Length > 0))],
                ["commit index", store.Text("commitIndex")],
                ["shards", status.Text("shards")],
                ["files", status.Text("files")],
            ],
            header: false);
        Section(printer, status, "silos", [Column.Of("name"), Column.Of("address"), Column.Of("state"), Column.Of("shards")]);
        Section(printer, status, "owners", [Column.Of("shard"), Column.Of("silo"), Column.Of("epoch"), Column.Of("since")], owner => owner.Text("silo").Length > 0);
        Section(printer, status, "sources", SourceVerbs.Columns);
        Section(printer, status, "datasets", DatasetVerbs.Columns);
        Section(printer, status, "rules", RuleVerbs.Columns);
        Section(printer, status, "unhealthy", [Column.Of("what"), Column.Of("why"), Column.Of("do")]);
    }

    /// <param name="isShown">A single silo owns every shard, and there is nothing to say of it.</param>
    private static void Section(Printer printer, JsonElement status, string name, Column[] columns, Func<JsonElement, bool>? isShown = null)
    {
        var items = status.Items(name).Where(isShown ?? (_ => true)).ToList();
        if (items.Count > 0)
        {
            printer.Line("");
            printer.Line($"{name}:");
            printer.Items(items, columns);
        }
    }
}
