using System.CommandLine;
using System.Text;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

internal static class DeadLetterVerbs
{
    private static readonly Column[] Columns =
    [
        Column.Of("id"),
        Column.Of("source"),
        Column.Of("partition"),
        Column.Of("position"),
        Column.Of("reason"),
        Column.Of("at"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "dead-letter",
        "Records that could not be read, kept with their bytes.",
        "eventgrains dead-letter list",
        List(surroundings),
        Get(surroundings));

    private static Verb List(Surroundings surroundings)
    {
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("list", "Lists the records that could not be read, with the reason.", "eventgrains dead-letter list -o jsonl")
            .With(limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                await asking.Printer.List(asking.Server, () => new QueryText("/v1/dead-letters"), asking.Value(after), asking.Value(limit), Columns, ct);
                return ExitCode.Ok;
            });
    }

    private static Verb Get(Surroundings surroundings)
    {
        var id = new Argument<string>("ID") { Description = "As `dead-letter list` shows it." };
        return new Verb("get", "Shows one such record and its bytes.", "eventgrains dead-letter get billing/4711/1/2048")
            .With(id)
            .Asks(surroundings, async (asking, ct) =>
            {
                var answer = await asking.Server.Get($"/v1/dead-letters/{Uri.EscapeDataString(asking.Value(id))}", ct);
                asking.Printer.One(answer, letter => Show(asking.Printer, letter));
                return ExitCode.Ok;
            });
    }

    private static void Show(Printer printer, JsonElement letter)
    {
        printer.Rows(["", ""], Columns.Select(c => (string[])[c.Title.ToLowerInvariant(), c.Value(letter)]), header: false);
        if (letter.Part("bytesBase64") is { } bytes && bytes.TryGetBytesFromBase64(out var record))
        {
            printer.Line("");
            printer.Line(Printable.Of(Encoding.UTF8.GetString(record)));
        }
    }
}
