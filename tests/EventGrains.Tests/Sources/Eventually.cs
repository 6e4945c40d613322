namespace EventGrains.Tests.Sources;

/// <summary>Waits for what other threads will bring about, with a deadline; never a fixed sleep.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static Task Is(Func<bool> condition, Func<string> describe) => Is(() => Task.FromResult(condition()), describe);

    public static async Task Is(Func<Task<bool>> condition, Func<string> describe)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
            {
                Assert.Fail($"not within {Deadline.TotalSeconds} s: {describe()}");
            }

            await Task.Delay(5, CancellationToken.None);
        }
    }

    public static Task Equal<T>(IEnumerable<T> expected, Func<IEnumerable<T>> actual)
    {
        var wanted = expected.ToArray();
        return Is(() => wanted.SequenceEqual(actual()), () => $"expected [{string.Join(", ", wanted)}], is [{string.Join(", ", actual())}]");
    }
}
