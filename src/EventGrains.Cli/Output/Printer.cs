using System.Text.Json;
using Spectre.Console;
using EventGrains.Cli.Client;

namespace EventGrains.Cli.Output;

/// <summary>Prints answers in the form the user chose: <c>table</c> for people, <c>json</c> as the server said it, <c>jsonl</c> one item per line.</summary>
internal sealed class Printer(Surroundings surroundings, string format)
{
    public const string Table = "table";
    public const string Json = "json";
    public const string JsonLines = "jsonl";

    /// <summary>Items that one request asks for when all are wanted.</summary>
    public const int PageItemsMax = 1000;

    // Wide enough that a table which goes into a file or a pipe is never wrapped: one item, one line.
    private const int UnwrappedWidth = 100_000;

    private readonly TextWriter output = surroundings.Output;

    public bool IsTable => format == Table;

    public bool IsJson => format == Json;

    public void Line(string text) => output.WriteLine(text);

    /// <summary>One object: verbatim, on one line, or as <paramref name="table"/> shows it.</summary>
    public void One(string json, Action<JsonElement> table)
    {
        if (format == Json)
        {
            output.Write(json.EndsWith('\n') ? json : json + "\n");
            return;
        }

        using var document = JsonDocument.Parse(json);
        if (format == JsonLines)
        {
            output.WriteLine(JsonSerializer.Serialize(document.RootElement, JsonText.Compact));
            return;
        }

        table(document.RootElement);
    }

    /// <summary>
    /// A list. <c>json</c> is one page as the server said it, its <c>next</c> included; the other two go through all pages,
    /// up to <paramref name="limit"/> items.
    /// </summary>
    public async Task List(ServerClient server, Func<QueryText> query, string? after, int? limit, Column[] columns, CancellationToken ct)
    {
        if (format == Json)
        {
            var text = await server.Get(query().Add("limit", limit?.ToString(System.Globalization.CultureInfo.InvariantCulture)).Add("after", after).ToString(), ct);
            One(text, _ => { });
            return;
        }

        var left = limit ?? int.MaxValue;
        for (var first = true; left > 0; first = false)
        {
            var page = Math.Min(left, PageItemsMax).ToString(System.Globalization.CultureInfo.InvariantCulture);
            using var document = JsonDocument.Parse(await server.Get(query().Add("limit", page).Add("after", after).ToString(), ct));
            var items = document.RootElement.Items("items").Take(left).ToList();
            Items(items, columns, header: first);
            left -= items.Count;
            var next = document.RootElement.Text("next");
            if (next.Length == 0)
            {
                return;
            }

            if (next == after)
            {
                throw new VerbFailure(ExitCode.Failed, $"The server's list does not go on after '{next}'. Report this: its cursor must move.");
            }

            after = next;
        }
    }

    /// <summary>A list that the server gives as a whole.</summary>
    public void WholeList(string json, Column[] columns)
    {
        if (IsJson)
        {
            One(json, _ => { });
            return;
        }

        using var document = JsonDocument.Parse(json);
        Items(document.RootElement.Items("items").ToList(), columns);
    }

    public void Items(IReadOnlyList<JsonElement> items, Column[] columns, bool header = true)
    {
        if (format != Table)
        {
            foreach (var item in items)
            {
                output.WriteLine(JsonSerializer.Serialize(item, JsonText.Compact));
            }

            return;
        }

        if (items.Count > 0 || header)
        {
            Rows(columns.Select(c => c.Title).ToArray(), items.Select(i => columns.Select(c => c.Value(i)).ToArray()), header);
        }
    }

    public void Rows(string[] titles, IEnumerable<string[]> rows, bool header = true)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = header };
        foreach (var title in titles)
        {
            table.AddColumn(new TableColumn(new Text(title)) { Padding = new Padding(0, 0, 2, 0), NoWrap = !surroundings.OutputIsTerminal });
        }

        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Printable.Of(cell))));
        }

        Console().Write(table);
    }

    private IAnsiConsole Console()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = surroundings.OutputIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = surroundings.OutputIsTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        if (!surroundings.OutputIsTerminal)
        {
            console.Profile.Width = UnwrappedWidth;
        }

        return console;
    }
}
