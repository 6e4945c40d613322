using System.Globalization;
using EventGrains.Files;

namespace EventGrains.Contracts.Transitions;

/// <summary>The public order of transitions. A stateless worker, key 0; the gateway's one tail reads it.</summary>
[Alias("EventGrains.ITransitionLogGrain"), Version(1)]
public interface ITransitionLogGrain : IGrainWithIntegerKey
{
    /// <summary>Transitions after a cursor, in commit order. Waits up to <paramref name="wait"/> (at most 5 s) for the first when there is none.</summary>
    [Alias("Read")]
    Task<TransitionPage> Read(Cursor after, int max, TimeSpan wait);

    /// <summary>Where the log begins (nothing older is kept) and where it ends now.</summary>
    [Alias("GetEnds")]
    Task<LogEnds> GetEnds();
}

/// <summary>A place in the public order: opaque to clients, safe in a URL.</summary>
/// <param name="History">Which life of the store; a restored one counts up, and cursors of the old get a gap.</param>
/// <param name="Index">The commit index.</param>
/// <param name="Ordinal">The transition's place within the commit, from 0; -1 before all of it.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.Cursor")]
public readonly record struct Cursor([property: Id(0)] int History, [property: Id(1)] long Index, [property: Id(2)] int Ordinal) : IComparable<Cursor>
{
    public int CompareTo(Cursor other) => (History, Index, Ordinal).CompareTo((other.History, other.Index, other.Ordinal));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{History}-{Index}-{Ordinal}");

    public static bool TryParse(string? text, out Cursor cursor)
    {
        cursor = default;
        var parts = text?.Split('-', 3);
        if (parts is not { Length: 3 }
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var history)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || !int.TryParse(parts[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ordinal)
            || ordinal < -1)
        {
            return false;
        }

        cursor = new Cursor(history, index, ordinal);
        return true;
    }
}

/// <param name="Sequence">Its place among the transitions of its shard, which have no gap between them; 0 when it was written before they were counted.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.LoggedTransition")]
public sealed record LoggedTransition([property: Id(0)] Cursor Cursor, [property: Id(1)] Transition Transition, [property: Id(2)] int Shard = 0, [property: Id(3)] long Sequence = 0);

/// <param name="Next">Read on from here.</param>
/// <param name="Gap">The reader's cursor was older than the retention, or of another history: what lay between is not to be had.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.TransitionPage")]
public sealed record TransitionPage([property: Id(0)] IReadOnlyList<LoggedTransition> Items, [property: Id(1)] Cursor Next, [property: Id(2)] LogGap? Gap = null);

[GenerateSerializer, Immutable, Alias("EventGrains.LogGap")]
public sealed record LogGap([property: Id(0)] Cursor From, [property: Id(1)] Cursor To);

/// <param name="Earliest">A cursor before the oldest transition kept.</param>
/// <param name="Latest">A cursor at the newest durable transition.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.LogEnds")]
public sealed record LogEnds([property: Id(0)] Cursor Earliest, [property: Id(1)] Cursor Latest);
