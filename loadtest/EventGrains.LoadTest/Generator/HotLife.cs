namespace EventGrains.LoadTest.Generator;

/// <summary>The life of a file that everybody wants: read from all pools in turn, then evicted from all but the first, and again.</summary>
internal static class HotLife
{
    private const int MillisecondsBetween = 1_000;

    /// <param name="file">Whose name, path and size it has.</param>
    /// <param name="records">How many records the life leaves, at least 2.</param>
    public static FileLife Plan(FileLife file, int records)
    {
        var happenings = new List<Happening> { new(HappeningKind.Written, 0, file.Happenings[0].At) };
        for (var (left, n) = (records - FileLife.RecordsOf(HappeningKind.Written), 1); left > 0; n++)
        {
            var pool = (byte)(n % FileLife.Pools);
            var kind = left == 1 || (n / FileLife.Pools % 2 == 1 && pool != 0) ? HappeningKind.Evicted : HappeningKind.Read;

            // The first pool's copy stays: the file is never lost.
            happenings.Add(new Happening(kind, pool == 0 && kind == HappeningKind.Evicted ? (byte)1 : pool, happenings[^1].At + MillisecondsBetween));
            left -= FileLife.RecordsOf(kind);
        }

        return new FileLife { Number = file.Number, Native = file.Native, Path = file.Path, Size = file.Size, Happenings = [.. happenings] };
    }
}
