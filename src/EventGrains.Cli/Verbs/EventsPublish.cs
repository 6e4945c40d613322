using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EventGrains.Cli.Output;
using EventGrains.Cli.Publish;

namespace EventGrains.Cli.Verbs;

/// <summary><c>events publish</c>: sends the lines of a file to an HTTP source.</summary>
internal static class EventsPublish
{
    private const int ConcurrencyMax = 16;
    private const int RejectionsShownMax = 10;

    public static Verb Create(Surroundings surroundings)
    {
        var file = new Argument<string>("FILE") { HelpName = "FILE|-", Description = "One JSON record a line; - reads stdin as it comes." };
        var source = new Option<string>("--source") { HelpName = "S", Required = true, Description = "The HTTP source to publish to." };
        var format = new Option<string?>("--format") { HelpName = "F", Description = "How the records are written, such as dcache, s3, cloudevents; else as the source declares." };
        var retryFor = Outputs.Span("--retry-for", "How long to send again what got no 200, 5m by default; then the exit code is 4 (unreachable) or 1.");
        var rate = new Option<double?>("--rate") { HelpName = "R", Description = "At most so many lines a second.", Validators = { PositiveRate } };
        var concurrency = Number("--concurrency", "Requests under way at once; the order of lines in different requests is not kept.", 2, 1, ConcurrencyMax);
        var lines = Number("--body-lines", "Lines in one request.", BodyCutter.LinesDefault, 1, 20_000);
        return new Verb("publish", "Publishes events from a file or stdin and adds up what became of them.", "eventgrains events publish billing.jsonl --source dcache")
            .With(file, source, format, retryFor, rate, concurrency, lines)
            .Asks(surroundings, (asking, ct) => Publish(
                asking,
                asking.Value(file),
                new PublishOptions(
                    asking.Value(source)!,
                    asking.Value(format),
                    asking.Value(concurrency),
                    asking.Value(retryFor) ?? EventVerbs.RetryForDefault,
                    asking.Value(rate),
                    asking.Value(lines),
                    BodyCutter.BytesDefault),
                ct));
    }

    private static async Task<int> Publish(Asking asking, string file, PublishOptions options, CancellationToken ct)
    {
        var surroundings = asking.Surroundings;
        await using var input = Open(surroundings, file);
        var publisher = new Publisher(asking.Server, options, surroundings.Time, asking.Tell);
        var startedAt = surroundings.Time.GetTimestamp();
        try
        {
            await PublishProgress.Show(surroundings, publisher, input.CanSeek ? input.Length : null, () => publisher.Run(input, ct));
        }
        finally
        {
            // Also when it ended early: what was answered so far is durable, and the user should know how much that is.
            Print(asking, publisher.Sum, surroundings.Time.GetElapsedTime(startedAt));
        }

        return publisher.Sum.Rejected > 0 ? ExitCode.SomeRejected : ExitCode.Ok;
    }

    private static Stream Open(Surroundings surroundings, string file)
    {
        if (file == "-")
        {
            return surroundings.Input;
        }

        var path = surroundings.PathOf(file);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailure(ExitCode.Usage, $"Cannot read '{Printable.Of(file)}': {e.Message} Name a file, or - for stdin.", e);
        }
    }

    private static void Print(Asking asking, PublishSum sum, TimeSpan took)
    {
        asking.Printer.One(sum.ToJson(took), _ => asking.Printer.Rows(
            ["ACCEPTED", "REJECTED", "REQUESTS", "SENT AGAIN", "SECONDS"],
            [[Text(sum.Accepted), Text(sum.Rejected), Text(sum.Requests), Text(sum.Resends), took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)]]));
        foreach (var r in sum.Rejections.Take(RejectionsShownMax))
        {
            asking.Tell(Printable.Of($"line {r.Line}: {(r.Field.Length > 0 ? $"{r.Field}: " : "")}{r.Reason}; {r.Remedy}"));
        }

        if (sum.Rejected > RejectionsShownMax)
        {
            asking.Tell($"... and {sum.Rejected - Math.Min(sum.Rejections.Count, RejectionsShownMax)} more; -o json lists the first {PublishSum.RejectionsMax}.");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static Option<int> Number(string name, string description, int byDefault, int min, int max) => new(name)
    {
        HelpName = "N",
        Description = $"{description} {min} to {max}.",
        DefaultValueFactory = _ => byDefault,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && int.TryParse(text, CultureInfo.InvariantCulture, out var number) && (number < min || number > max))
                {
                    result.AddError($"{name} must lie between {min} and {max}, not {number}.");
                }
            },
        },
    };

    private static void PositiveRate(OptionResult result)
    {
        if (result.Tokens is [{ Value: var text }] && double.TryParse(text, CultureInfo.InvariantCulture, out var rate) && rate is not (> 0 and <= 10_000_000))
        {
            result.AddError("--rate must be more than 0, at most 10,000,000 lines a second.");
        }
    }
}
