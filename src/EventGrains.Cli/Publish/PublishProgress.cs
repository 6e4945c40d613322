using Spectre.Console;

namespace EventGrains.Cli.Publish;

/// <summary>A bar on stderr while lines are sent; nothing at all without a terminal.</summary>
internal static class PublishProgress
{
    public static async Task Show(Surroundings surroundings, Publisher publisher, long? inputBytes, Func<Task> publish)
    {
        if (!surroundings.ErrorIsTerminal)
        {
            await publish();
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(surroundings.Error) });
        await console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask("publishing", maxValue: Math.Max(1, inputBytes ?? 1));
                bar.IsIndeterminate = inputBytes is null;
                publisher.Answered += body =>
                {
                    bar.Increment(inputBytes is null ? 0 : body.Bytes.Length);
                    bar.Description = $"{publisher.Sum.Accepted} accepted, {publisher.Sum.Rejected} rejected";
                };
                await publish();
            });
    }
}
