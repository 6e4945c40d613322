using EventGrains.Files;

namespace EventGrains.Silo.Store.Rows;

/// <summary>A step within a file's row, and its key, which also intents carry.</summary>
internal static class StepEncoding
{
    private const int StateMask = 7;
    private const int Error = 1 << 3;
    private const int Target = 1 << 4;
    private const int Forgiven = 1 << 5;

    public static void Write(RowWriter row, Step step)
    {
        WriteKey(row, step.Key);
        row.Byte(((int)step.State & StateMask) | (step.Error is null ? 0 : Error)
            | (step.Target is null ? 0 : Target) | (step.AttemptsForgiven == 0 ? 0 : Forgiven));
        row.Text(step.Action);
        row.Varint(step.Attempts);
        row.Time(step.DueAt);
        TextEncoding.WriteIfAny(row, step.Error);
        row.Time(step.At);
        TextEncoding.WriteIfAny(row, step.Target);
        if (step.AttemptsForgiven != 0)
        {
            row.Varint(step.AttemptsForgiven);
        }
    }

    public static Step Read(ref RowReader row)
    {
        var key = ReadKey(ref row);
        var head = row.Byte();
        return new Step
        {
            Key = key,
            State = (StepState)(head & StateMask),
            Action = row.Name(),
            Attempts = (int)row.Varint(),
            DueAt = row.Time(),
            Error = (head & Error) == 0 ? null : row.Text(),
            At = row.Time(),
            Target = (head & Target) == 0 ? null : row.Name(),
            AttemptsForgiven = (head & Forgiven) == 0 ? 0 : (int)row.Varint(),
        };
    }

    public static void WriteKey(RowWriter row, in StepKey key)
    {
        row.Text(key.Rule);
        row.Text(key.RuleGeneration);
        row.Varint(((ulong)key.Index << 1) | (key.Incarnation.IsNone ? 0UL : 1));
        TextEncoding.WriteIfAny(row, key.Incarnation.Value);
    }

    public static StepKey ReadKey(ref RowReader row)
    {
        var rule = row.Name();
        var generation = row.Text();
        var index = row.Varint();
        return new StepKey(rule, generation, (int)(index >> 1), new Incarnation((index & 1) == 0 ? null : row.Text()));
    }
}
