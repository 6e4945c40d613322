using System.IO.Hashing;
using System.Text;

namespace EventGrains.Silo.Store.Rows;

/// <summary>Gives rows that hold one name (a storage, a pool, a type) one string: names repeat in every row, and states are cached by the hundred thousand.</summary>
/// <remarks>Bounded: a name takes the slot of its hash from whichever had it. Safe from any thread, since a slot is read and written whole.</remarks>
internal static class NamePool
{
    public const int NamesMax = 4096;

    private static readonly string?[] Slots = new string?[NamesMax];

    /// <param name="bytes">Plain UTF-8; short, since a slot keeps it for ever.</param>
    public static string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "";
        }

        ref var slot = ref Slots[XxHash3.HashToUInt64(bytes) % NamesMax];
        var kept = slot;
        return kept is not null && Ascii.Equals(bytes, kept) ? kept : slot = Encoding.UTF8.GetString(bytes);
    }
}
