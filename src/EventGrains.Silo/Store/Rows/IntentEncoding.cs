using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>An intent's row. The file's number is in its key.</summary>
internal static class IntentEncoding
{
    private const int Format = 1;
    private const int Target = 1;
    private const int Running = 2;

    public static void Write(RowWriter row, Intent intent)
    {
        row.Byte(Format);
        row.Text(intent.File.Storage);
        row.Text(intent.File.Native);
        StepEncoding.WriteKey(row, intent.Step);
        row.Byte((intent.Target is null ? 0 : Target) | (intent.Running ? Running : 0));
        row.Text(intent.Action);
        TextEncoding.WriteIfAny(row, intent.Target);
        row.Time(intent.DueAt);
        row.Varint(intent.Attempts);
    }

    public static Intent Read(ReadOnlySpan<byte> bytes, long number)
    {
        var row = new RowReader(bytes);
        row.Version("intent", Format);
        var file = new FileId(row.Name(), row.Text());
        var step = StepEncoding.ReadKey(ref row);
        var head = row.Byte();
        return new Intent(
            file, number, step, row.Name(), (head & Target) == 0 ? null : row.Name(), row.Time(), (int)row.Varint(), (head & Running) != 0);
    }
}
