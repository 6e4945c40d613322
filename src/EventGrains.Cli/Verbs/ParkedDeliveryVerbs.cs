using System.CommandLine;
using System.Globalization;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

internal static class ParkedDeliveryVerbs
{
    private static readonly Column[] Columns =
    [
        Column.Of("number"),
        Column.Of("stream"),
        Column.Of("sequence"),
        Column.Of("index"),
        Column.Of("consumer"),
        Column.Of("error"),
        Column.Of("attempts"),
        Column.Of("at"),
    ];

    public static Verb Create(Surroundings surroundings) => Verb.Group(
        "parked-delivery",
        "Transitions that a grain of yours, subscribed to an Orleans stream, failed on until they were given up.",
        "eventgrains parked-delivery list",
        List(surroundings),
        Command(surroundings, "retry", "Delivers the event again, to all consumers of its stream; what fails again is parked again.", "is delivered again"),
        Command(surroundings, "discard", "Forgets that the delivery failed; the event stays in the log.", "is forgotten"));

    private static Verb List(Surroundings surroundings)
    {
        var limit = Outputs.Limit();
        var after = Outputs.After();
        return new Verb("list", "Lists the deliveries that were given up, with the error.", "eventgrains parked-delivery list -o jsonl")
            .With(limit, after)
            .Asks(surroundings, async (asking, ct) =>
            {
                await asking.Printer.List(asking.Server, () => new QueryText("/v1/parked-deliveries"), asking.Value(after), asking.Value(limit), Columns, ct);
                return ExitCode.Ok;
            });
    }

    private static Verb Command(Surroundings surroundings, string word, string description, string sentence)
    {
        var number = new Argument<long>("NUMBER") { Description = "As `parked-delivery list` shows it." };
        return new Verb(word, description, $"eventgrains parked-delivery {word} 3")
            .With(number)
            .Asks(surroundings, async (asking, ct) =>
            {
                var at = asking.Value(number).ToString(CultureInfo.InvariantCulture);
                Commands.Done(asking, await asking.Server.Post($"/v1/parked-deliveries/{at}/{word}", null, ct), $"The parked delivery {at} {sentence}.");
                return ExitCode.Ok;
            });
    }
}
