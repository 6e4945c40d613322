using System.Globalization;
using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Store;

/// <summary>What <see cref="DeadLetter.Id"/> names: source, partition, generation, position. A partition may itself hold slashes; the others do not.</summary>
internal readonly record struct DeadLetterPlace(string Source, string Partition, long Generation, long Position)
{
    public static bool TryParse(string id, out DeadLetterPlace place)
    {
        place = default;
        var source = id.IndexOf('/', StringComparison.Ordinal);
        var position = id.LastIndexOf('/');
        var generation = position <= 0 ? -1 : id.LastIndexOf('/', position - 1);
        if (source < 0 || generation <= source)
        {
            return false;
        }

        place = new DeadLetterPlace(
            id[..source], id[(source + 1)..generation], Number(id.AsSpan(generation + 1, position - generation - 1)), Number(id.AsSpan(position + 1)));
        return true;
    }

    private static long Number(ReadOnlySpan<char> digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
