using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Hosting;
using EventGrains.Cli.Output;
using EventGrains.Rules;

namespace EventGrains.Cli.Verbs;

internal static class RuleVerbs
{
    public static readonly Column[] Columns =
    [
        Column.Of("name"),
        Column.Of("generation"),
        Column.Of("PER HOUR MAX", "filesPerHourMax"),
        Column.Of("FIRED LAST HOUR", "firedLastHour"),
        Column.Of("held"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "rule",
        "What follows from events.",
        "eventgrains rule list",
        Lint(surroundings),
        List(surroundings),
        Get(surroundings));

    private static Verb Lint(Surroundings surroundings)
    {
        var files = new Argument<string[]>("FILE") { HelpName = "FILE|DIR", Arity = ArgumentArity.OneOrMore, Description = "Rule files, or directories of them (*.yaml, *.yml)." };
        var verb = new Verb("lint", "Checks rule files without a server; prints FILE:LINE:COL: severity: message; remedy.", "eventgrains rule lint rules/").With(files);
        verb.SetAction(parsed =>
        {
            var (_, messages) = RuleFiles.Parse(RuleText.Read(surroundings, parsed.GetRequiredValue(files)));
            foreach (var message in messages)
            {
                surroundings.Output.WriteLine(Printable.Of(message.ToString()));
            }

            return messages.Any(m => m.Severity == LintSeverity.Error) ? ExitCode.Failed : ExitCode.Ok;
        });
        return verb;
    }

    private static Verb List(Surroundings surroundings) =>
        new Verb("list", "Lists the rules that the server follows.", "eventgrains rule list")
            .Asks(surroundings, async (asking, ct) =>
            {
                using var status = JsonDocument.Parse(await asking.Server.Get("/v1/status", ct));
                var rules = status.RootElement.Items("rules").ToList();
                if (asking.Printer.IsJson)
                {
                    asking.Printer.One(JsonSerializer.Serialize(new { items = rules, next = (string?)null }, JsonText.Compact), _ => { });
                }
                else
                {
                    asking.Printer.Items(rules, Columns);
                }

                return ExitCode.Ok;
            });

    private static Verb Get(Surroundings surroundings)
    {
        var name = new Argument<string>("NAME") { Description = "The rule's name." };
        return new Verb("get", "Shows one rule and how often it fired.", "eventgrains rule get mirror -o json")
            .With(name)
            .Asks(surroundings, async (asking, ct) =>
            {
                using var status = JsonDocument.Parse(await asking.Server.Get("/v1/status", ct));
                foreach (var rule in status.RootElement.Items("rules").Where(r => r.Text("name") == asking.Value(name)))
                {
                    asking.Printer.One(rule.GetRawText(), r => Show(asking.Printer, r));
                    return ExitCode.Ok;
                }

                var names = status.RootElement.Items("rules").Select(r => r.Text("name")).ToList();
                throw new VerbFailure(
                    ExitCode.NotFound,
                    $"There is no rule '{Printable.Of(asking.Value(name))}'. {(names.Count > 0 ? $"There are: {string.Join(", ", names)}." : "The server follows no rules; name some by --rules when it starts.")}");
            });
    }

    private static void Show(Printer printer, JsonElement rule) =>
        printer.Rows(["", ""], rule.EnumerateObject().Select(p => (string[])[p.Name, JsonText.Text(p.Value)]), header: false);
}
