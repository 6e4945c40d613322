namespace EventGrains.LiveTests;

/// <summary>Waits for what the product will bring about by itself, with a deadline; never a fixed sleep.</summary>
internal static class Eventually
{
    public static async Task Is(Func<Task<bool>> condition, Func<string> describe)
    {
        using var deadline = new CancellationTokenSource(Product.Patience);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
            {
                Assert.Fail($"not within {Product.Patience.TotalSeconds} s: {describe()}");
            }

            await Task.Delay(50, CancellationToken.None);
        }
    }

    public static Task Is(Func<bool> condition, Func<string> describe) => Is(() => Task.FromResult(condition()), describe);

    /// <summary>Asks until the answer is as wanted, and gives it.</summary>
    public static async Task<T> Answers<T>(Func<Task<T>> ask, Func<T, bool> wanted)
        where T : notnull
    {
        T? last = default;
        await Is(async () => wanted(last = await ask()), () => $"{last}");
        return last!;
    }
}
