namespace EventGrains.Silo.Cluster;

/// <summary>Which silo each of a number of equal places belongs to, from where they are now.</summary>
/// <remarks>
/// Even to within one; as few places move as that allows: a silo that joins gets its share from those that have most, and of one that
/// left only its own places go elsewhere. All silos that see the same come to the same, and where nothing is to be gained nothing moves.
/// </remarks>
internal static class Spread
{
    /// <param name="holders">Per place who has it; null, or somebody who is no longer there, for a place that nobody has.</param>
    /// <param name="silos">Those that may have places, in an order that all agree on; not empty.</param>
    public static T[] Of<T>(IReadOnlyList<T?> holders, IReadOnlyList<T> silos)
        where T : class
    {
        var rank = silos.Select((silo, i) => KeyValuePair.Create(silo, i)).ToDictionary();
        var counts = new int[silos.Count];
        foreach (var holder in holders)
        {
            if (holder is not null && rank.TryGetValue(holder, out var i))
            {
                counts[i]++;
            }
        }

        // Some silos have one more than the others: those that have it now.
        var room = new int[silos.Count];
        var (share, more) = Math.DivRem(holders.Count, silos.Count);
        foreach (var (i, place) in Enumerable.Range(0, silos.Count).OrderByDescending(i => counts[i]).Select((i, place) => (i, place)))
        {
            room[i] = share + (place < more ? 1 : 0);
        }

        var plan = new T?[holders.Count];
        for (var place = 0; place < plan.Length; place++)
        {
            if (holders[place] is { } holder && rank.TryGetValue(holder, out var i) && room[i] > 0)
            {
                (plan[place], room[i]) = (silos[i], room[i] - 1);
            }
        }

        for (var place = 0; place < plan.Length; place++)
        {
            if (plan[place] is null)
            {
                var i = Array.IndexOf(room, room.Max());
                (plan[place], room[i]) = (silos[i], room[i] - 1);
            }
        }

        return plan!;
    }
}
