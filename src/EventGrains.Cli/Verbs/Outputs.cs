using System.CommandLine;
using System.CommandLine.Parsing;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

/// <summary>Options that many verbs share.</summary>
internal static class Outputs
{
    public static Option<string> Option() => new Option<string>("--output", "-o")
    {
        HelpName = "table|json|jsonl",
        Description = "json is the server's answer as it came (of a list: one page), jsonl one item per line.",
        DefaultValueFactory = _ => Output.Printer.Table,
    }.AcceptOnlyFromAmong(Output.Printer.Table, Output.Printer.Json, Output.Printer.JsonLines);

    public static Printer Printer(Surroundings surroundings, ParseResult parsed, Option<string> output) =>
        new(surroundings, parsed.GetValue(output) ?? Output.Printer.Table);

    public static Option<int?> Limit() => new("--limit")
    {
        HelpName = "N",
        Description = "At most so many items; all without it (with -o json: one page of 100).",
        Validators = { AtLeastOne },
    };

    public static Option<string?> After() => new("--after")
    {
        HelpName = "CURSOR",
        Description = "Go on after the `next` of an earlier page.",
    };

    /// <summary>A duration option such as <c>30s</c>; without a value when it was not written.</summary>
    public static Option<TimeSpan?> Span(string name, string description) => new(name)
    {
        HelpName = "DURATION",
        Description = description,
        CustomParser = result =>
        {
            if (Duration.TryParse(result.Tokens[0].Value, out var span))
            {
                return span;
            }

            result.AddError($"'{result.Tokens[0].Value}' is no duration for {name}. Write a number and ms, s, m, h or d, at most {Duration.Max.TotalDays:0} days, such as 30s.");
            return null;
        },
    };

    public static void AtLeastOne(OptionResult result)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number < 1)
        {
            result.AddError($"{result.Option.Name} must be at least 1, not {number}.");
        }
    }
}
