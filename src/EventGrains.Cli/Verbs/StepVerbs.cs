using System.CommandLine;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;
using EventGrains.Files;

namespace EventGrains.Cli.Verbs;

internal static class StepVerbs
{
    private static readonly Column[] Columns =
    [
        new("FILE", s => s.Text("file") is { Length: > 0 } file ? file : s.Text("id")),
        Column.Of("path"),
        Column.Of("rule"),
        Column.Of("action"),
        Column.Of("state"),
        Column.Of("attempts"),
        Column.Of("error"),
        Column.Of("at"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "step",
        "Steps: single actions of rules on single files.",
        "eventgrains step list --state failed",
        List(surroundings),
        Retry(surroundings));

    private static Verb List(Surroundings surroundings)
    {
        var state = Words.Option<StepState>("--state", "Only steps in this state.");
        var rule = new Option<string?>("--rule") { HelpName = "NAME", Description = "Only steps of this rule." };
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("list", "Lists steps.", "eventgrains step list --state failed --rule mirror")
            .With(state, rule, limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                await asking.Printer.List(
                    asking.Server,
                    () => new QueryText("/v1/steps").Add("state", asking.Value(state)).Add("rule", asking.Value(rule)),
                    asking.Value(after),
                    asking.Value(limit),
                    Columns,
                    ct);
                return ExitCode.Ok;
            });
    }

    private static Verb Retry(Surroundings surroundings)
    {
        var file = FileReference.Argument();
        var rule = new Option<string?>("--rule") { HelpName = "NAME", Description = "Only the steps of this rule." };
        return new Verb("retry", "Puts the failed steps of a file back to waiting.", "eventgrains step retry inbox:/run42.h5 --rule mirror")
            .With(file, rule)
            .Asks(surroundings, async (asking, ct) =>
            {
                var id = await asking.Value(file).ResolveId(asking.Server, ct);
                var query = new QueryText($"{FileReference.AddressOf(id)}/steps/retry").Add("rule", asking.Value(rule));
                Commands.Done(asking, await asking.Server.Post(query.ToString(), null, ct), $"The failed steps of {id} wait to run again.");
                return ExitCode.Ok;
            });
    }
}
