using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Tests.Files;

namespace EventGrains.Tests.Actions;

/// <summary>An attempt keeps its claim for as long as that holds, and tells how it ended.</summary>
public sealed class AttemptTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    private readonly HurriedTime time = new();
    private readonly TaskCompletionSource worked = new();
    private readonly TaskCompletionSource<StepClaim> concluded = new();
    private int extensions;

    [Theory]
    [InlineData(-10)]
    [InlineData(0)]
    [InlineData(10)]
    public async Task A_claim_is_extended_every_third_of_its_length_whatever_the_executors_clock_says(int minutesAhead)
    {
        var given = time.GetUtcNow().UtcDateTime.AddMinutes(-minutesAhead);
        var claim = Claim(given + Length) with { Left = Length };

        Begin(claim, () => Task.FromResult<StepClaim?>(claim with { Deadline = given + Length }));

        Assert.Equal(1, (await concluded.Task.WaitAsync(Deadline.Generous)).Attempt);
        Assert.Equal([Length / 3, Length / 3, Length / 3], time.Waits.Take(3));
    }

    [Fact]
    public async Task A_claim_of_a_release_that_told_the_deadline_alone_is_extended_before_it()
    {
        var claim = Claim(time.GetUtcNow().UtcDateTime + Length);

        Begin(claim, () => Task.FromResult<StepClaim?>(claim with { Deadline = time.GetUtcNow().UtcDateTime + Length }));

        await concluded.Task.WaitAsync(Deadline.Generous);
        Assert.Equal([Length / 3, Length / 3, Length / 3], time.Waits.Take(3));
    }

    [Fact]
    public async Task Work_that_ends_while_its_claim_cannot_be_extended_is_reported()
    {
        var (asked, away) = (new TaskCompletionSource(), new TaskCompletionSource<StepClaim?>());
        Begin(Claim(default) with { Left = Length }, () =>
        {
            asked.TrySetResult();
            return away.Task;
        });

        await asked.Task.WaitAsync(Deadline.Generous);
        worked.SetResult();
        away.SetException(new IOException("the store is away"));

        await concluded.Task.WaitAsync(Deadline.Generous);
    }

    private void Begin(StepClaim claim, Func<Task<StepClaim?>> extend)
    {
        var file = Fake.Of<IFileGrain>((method, arguments) =>
        {
            if (method.Name == nameof(IFileGrain.Conclude))
            {
                concluded.SetResult((StepClaim)arguments[0]!);
                return Task.FromResult(true);
            }

            if (++extensions == 3)
            {
                worked.TrySetResult();
            }

            return extend();
        });
        Attempt.Begin(file, claim, time, async lost =>
        {
            await worked.Task.WaitAsync(lost);
            return new StepOutcome(Done: true);
        });
    }

    private static StepClaim Claim(DateTime deadline) => new(Says.File, new StepKey("rule", "0", 0, Incarnation.None), "run", 1, deadline);
}
