namespace EventGrains.Gateway;

/// <summary>What endpoints ask grains and that changes nothing: asked again while the grain moves, or a silo on the way stands still.</summary>
internal sealed class Questions(IGrainFactory grains, TimeProvider time)
{
    /// <exception cref="TimeoutException">Nobody answered within <see cref="GrainCalls.ReadWithin"/>.</exception>
    public Task<T> Ask<T>(Func<IGrainFactory, Task<T>> question, CancellationToken stop) => GrainCalls.Read(() => question(grains), time, stop);

    /// <summary>The same for what may take long, and is too much work to be begun again beside itself: only a call that failed is repeated.</summary>
    public Task<T> AskSlow<T>(Func<IGrainFactory, Task<T>> question, CancellationToken stop) => GrainCalls.ReadSlow(() => question(grains), time, stop);
}
