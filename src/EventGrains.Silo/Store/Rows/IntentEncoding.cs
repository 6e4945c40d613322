using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>An intent's row. The file's number is in its key.</summary>
internal static class IntentEncoding
{
    private const int Format = 1;

    public static void Write(RowWriter row, Intent intent)
    {
        row.Byte(Format);
        row.Text(intent.File.Storage);
        row.Text(intent.File.Native);
        StepEncoding.WriteKey(row, intent.Step);
        row.Varint(intent.Target is null ? 0UL : 1);
        row.Text(intent.Action);
        TextEncoding.WriteIfAny(row, intent.Target);
        row.Time(intent.DueAt);
    }

    public static Intent Read(ReadOnlySpan<byte> bytes, long number)
    {
        var row = new RowReader(bytes);
        row.Version("intent", Format);
        var file = new FileId(row.Name(), row.Text());
        var step = StepEncoding.ReadKey(ref row);
        var hasTarget = row.Varint() != 0;
        return new Intent(file, number, step, row.Name(), hasTarget ? row.Name() : null, row.Time());
    }
}
