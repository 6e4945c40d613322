using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;
using EventGrains.Files;

namespace EventGrains.Cli.Verbs;

internal static class FileVerbs
{
    private static readonly Column[] ListColumns =
    [
        new("FILE", f => f.Text("path") is { Length: > 0 } path ? $"{f.Text("storage")}:{path}" : f.Text("id")),
        Column.Of("status"),
        Column.Of("locality"),
        new("SIZE", f => f.Bytes("size")),
        new("REPLICAS", f => f.Items("replicas").Count(r => r.Text("state") == "present").ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Column.Of("version"),
        Column.Of("UPDATED", "updatedAt"),
    ];

    private static readonly Column[] HistoryColumns =
    [
        Column.Of("version"),
        Column.Of("at"),
        Column.Of("kind"),
        Column.Of("changes"),
        Column.Of("status"),
        new("CAUSE", t => $"{t.Part("cause")?.Text("source")} {t.Part("cause")?.Text("type")}".Trim()),
        Column.Of("rule"),
        Column.Of("step"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "file",
        "Single files: what is known of them, and what happened to them.",
        "eventgrains file get inbox:/run42.h5",
        Get(surroundings),
        List(surroundings),
        History(surroundings),
        FileWatch.Create(surroundings),
        FileWait.Create(surroundings));

    public static void Show(Printer printer, JsonElement file)
    {
        string[] facets = ["id", "path", "status", "existence", "locality", "checksums", "incarnation", "version", "updatedAt"];
        printer.Rows(["", ""], facets.Select(f => (string[])[f, file.Text(f)]).Append(["size", file.Bytes("size")]).Where(r => r[1].Length > 0), header: false);
        Section(printer, file, "replicas", [Column.Of("storage"), Column.Of("pool"), Column.Of("state"), Column.Of("checksum"), Column.Of("url"), Column.Of("at")]);
        Section(printer, file, "steps", [Column.Of("rule"), Column.Of("action"), Column.Of("state"), Column.Of("attempts"), Column.Of("error"), Column.Of("at")]);
    }

    private static void Section(Printer printer, JsonElement file, string name, Column[] columns)
    {
        var items = file.Items(name).ToList();
        if (items.Count > 0)
        {
            printer.Line("");
            printer.Line($"{name}:");
            printer.Items(items, columns);
        }
    }

    private static Verb Get(Surroundings surroundings)
    {
        var file = FileReference.Argument();
        return new Verb("get", "Shows what is known of one file: status, replicas, steps.", "eventgrains file get inbox:/run42.h5 -o json")
            .With(file)
            .Asks(surroundings, async (asking, ct) =>
            {
                asking.Printer.One(await asking.Server.Get(asking.Value(file).Address, ct), f => Show(asking.Printer, f));
                return ExitCode.Ok;
            });
    }

    private static Verb List(Surroundings surroundings)
    {
        var path = new Option<string?>("--path") { HelpName = "GLOB", Description = "Only files whose path matches: * stays within one part, ** crosses parts." };
        var storage = new Option<string?>("--storage") { HelpName = "NAME", Description = "Only files of this storage." };
        var status = Words.Option<FileStatus>("--status", "Only files of this status.");
        var stepState = Words.Option<StepState>("--step-state", "Only files that have a step in this state.");
        var dataset = new Option<string?>("--dataset") { HelpName = "NAME", Description = "Only files of this dataset." };
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("list", "Lists files, all pages of them.", "eventgrains file list --path '/runs/42/**' --status lost")
            .With(path, storage, status, stepState, dataset, limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                await asking.Printer.List(
                    asking.Server,
                    () => new QueryText("/v1/files")
                        .Add("path", asking.Value(path))
                        .Add("storage", asking.Value(storage))
                        .Add("status", asking.Value(status))
                        .Add("stepState", asking.Value(stepState))
                        .Add("dataset", asking.Value(dataset)),
                    asking.Value(after),
                    asking.Value(limit),
                    ListColumns,
                    ct);
                return ExitCode.Ok;
            });
    }

    private static Verb History(Surroundings surroundings)
    {
        var file = FileReference.Argument();
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("history", "Shows every transition of one file, oldest first.", "eventgrains file history inbox:/run42.h5")
            .With(file, limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                var id = await asking.Value(file).ResolveId(asking.Server, ct);
                await asking.Printer.List(
                    asking.Server,
                    () => new QueryText($"{FileReference.AddressOf(id)}/history"),
                    asking.Value(after),
                    asking.Value(limit),
                    HistoryColumns,
                    ct);
                return ExitCode.Ok;
            });
    }
}
