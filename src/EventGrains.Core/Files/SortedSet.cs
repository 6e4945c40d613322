using System.Collections.Immutable;

namespace EventGrains.Files;

/// <summary>Bounded sorted sets whose union is still a join: the greatest stay, never the newest to arrive.</summary>
internal static class SortedSet
{
    public static ImmutableArray<T> Union<T>(ImmutableArray<T> a, ImmutableArray<T> b, IComparer<T> comparer, int max)
    {
        if (b.IsEmpty || a.IsEmpty)
        {
            return b.IsEmpty ? a : b;
        }

        var union = ImmutableArray.CreateBuilder<T>(a.Length + b.Length);
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            var order = i == a.Length ? 1 : j == b.Length ? -1 : comparer.Compare(a[i], b[j]);
            union.Add(order <= 0 ? a[i] : b[j]);
            i += order <= 0 ? 1 : 0;
            j += order >= 0 ? 1 : 0;
        }

        return Greatest(union, max);
    }

    public static ImmutableArray<T> Greatest<T>(ImmutableArray<T>.Builder sorted, int max)
    {
        if (sorted.Count > max)
        {
            sorted.RemoveRange(0, sorted.Count - max);
        }

        return sorted.DrainToImmutable();
    }
}
