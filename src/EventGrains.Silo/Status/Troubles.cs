using System.Collections.Concurrent;
using System.Collections.Immutable;
using EventGrains.Contracts.Status;

namespace EventGrains.Silo.Status;

/// <summary>What is not as it should be now, one entry per place; parts report and clear their own.</summary>
internal sealed class Troubles
{
    /// <summary>The one trouble under which nothing can be taken.</summary>
    public const string Store = "store";

    private readonly ConcurrentDictionary<string, Trouble> _now = new(StringComparer.Ordinal);

    public void Report(string what, string why, string remedy) => _now[what] = new Trouble(what, why, remedy);

    public void Clear(string what) => _now.TryRemove(what, out _);

    /// <summary>By place, the store first.</summary>
    public ImmutableArray<Trouble> Now => [.. _now.Values.OrderBy(t => t.What != Store).ThenBy(t => t.What, StringComparer.Ordinal)];
}
