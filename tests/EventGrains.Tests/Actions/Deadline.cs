namespace EventGrains.Tests.Actions;

/// <summary>Waits on conditions that other processes bring about, with a bound that only a broken promise reaches.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    public static void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Generous), $"waited {Generous.TotalSeconds} s in vain until {what}");
}
