using System.IO.Hashing;
using System.Text;

namespace EventGrains.Events;

/// <summary>Gives the same string for the same bytes: pools, types and algorithms are few and come with every record.</summary>
/// <remarks>
/// Bounded: a name has one slot, and a newcomer takes it over, so the worst case is an allocation. Used by many threads at once:
/// a slot is one reference to something immutable, and a lost race only allocates again.
/// </remarks>
internal static class InternedNames
{
    private const int SlotsMax = 2048;

    private static readonly Entry?[] Slots = new Entry?[SlotsMax];

    /// <param name="name">Valid UTF-8.</param>
    public static string Get(ReadOnlySpan<byte> name)
    {
        ref var slot = ref Slots[XxHash3.HashToUInt64(name) % SlotsMax];
        var held = Volatile.Read(ref slot);
        if (held is not null && name.SequenceEqual(held.Bytes))
        {
            return held.Text;
        }

        var entry = new Entry(name.ToArray(), Encoding.UTF8.GetString(name));
        Volatile.Write(ref slot, entry);
        return entry.Text;
    }

    private sealed record Entry(byte[] Bytes, string Text);
}
