namespace EventGrains.Rules;

/// <summary>Finds what somebody meant who wrote a word that is not known.</summary>
internal static class Similar
{
    /// <summary>The known word nearest to <paramref name="word"/>, if it is near enough to be a slip of the hand; otherwise null.</summary>
    public static string? To(string word, IEnumerable<string> known)
    {
        var edits = known.Select(k => (Known: k, Edits: Edits(word.ToUpperInvariant(), k.ToUpperInvariant()))).OrderBy(k => k.Edits).FirstOrDefault();
        return edits.Known is not null && edits.Edits <= Math.Max(1, edits.Known.Length / 3) ? edits.Known : null;
    }

    /// <summary><c>did you mean 'x'?</c>, or all that is known.</summary>
    public static string Remedy(string word, IReadOnlyCollection<string> known, string listedAs) =>
        To(word, known) is { } meant ? $"did you mean '{meant}'?" : $"{listedAs} {Quote.List(known)}";

    /// <summary>Single characters to insert, delete or replace, or neighbours to swap, between the two words.</summary>
    private static int Edits(string a, string b)
    {
        // A word this long is no slip for any of ours, and the table below is the product of both lengths.
        if (a.Length > 64 || b.Length > 64)
        {
            return int.MaxValue;
        }

        var edits = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                edits[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1, edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
                }
            }
        }

        return edits[a.Length, b.Length];
    }
}
