using EventGrains.Contracts.Transitions;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Silo.Store.Rocks;

/// <summary>What every commit counts on; its row is written with each.</summary>
/// <param name="CommitIndex">Of the newest commit; 0 before the first.</param>
/// <param name="LatestIndex">The commit index and ordinal of the newest transition ever written.</param>
/// <param name="Transitions">Ever written; those pruned are counted by <see cref="Pruned"/>.</param>
/// <param name="DeadLettersDropped">Dead letters that made room for newer ones.</param>
internal readonly record struct Totals(
    long CommitIndex, long LatestIndex, int LatestOrdinal, long Files, long Transitions, long DeadLetters, long DeadLettersDropped)
{
    private const int Format = 1;

    public static readonly Totals None = new(0, 0, -1, 0, 0, 0, 0);

    public void Write(RowWriter row)
    {
        row.Clear().Byte(Format);
        row.Varint(CommitIndex);
        row.Varint(LatestIndex);
        row.Signed(LatestOrdinal);
        row.Varint(Files);
        row.Varint(Transitions);
        row.Varint(DeadLetters);
        row.Varint(DeadLettersDropped);
    }

    public static Totals Read(ReadOnlySpan<byte> bytes)
    {
        var row = new RowReader(bytes);
        row.Version("totals", Format);
        return new Totals(
            (long)row.Varint(), (long)row.Varint(), (int)row.Signed(), (long)row.Varint(), (long)row.Varint(), (long)row.Varint(), (long)row.Varint());
    }

    public Cursor Latest(int history) => new(history, LatestIndex, LatestOrdinal);
}

/// <summary>How far the log was pruned. Its row is written by pruning alone, so that it and commits need not wait for each other.</summary>
/// <param name="Index">With <paramref name="Ordinal"/>, the newest transition dropped: a reader that stands there has missed nothing.</param>
internal readonly record struct Pruned(long Index, int Ordinal, long Transitions)
{
    private const int Format = 1;

    public static readonly Pruned Nothing = new(0, -1, 0);

    public void Write(RowWriter row)
    {
        row.Clear().Byte(Format);
        row.Varint(Index);
        row.Signed(Ordinal);
        row.Varint(Transitions);
    }

    public static Pruned Read(ReadOnlySpan<byte> bytes)
    {
        var row = new RowReader(bytes);
        row.Version("pruning", Format);
        return new Pruned((long)row.Varint(), (int)row.Signed(), (long)row.Varint());
    }

    public Cursor Earliest(int history) => new(history, Index, Ordinal);
}
