namespace EventGrains.LoadTest.Generator;

/// <summary>A workload's records in one file, one a line; written once and offered in every round.</summary>
internal sealed class Corpus
{
    private Corpus(string path, Workload workload, int bodyLines, List<long> bodies)
    {
        (Path, Workload, BodyLines, Bodies) = (path, workload, bodyLines, bodies);
    }

    public string Path { get; }

    public Workload Workload { get; }

    public int BodyLines { get; }

    public long Bytes => Bodies[^1];

    /// <summary>Where bodies of <see cref="BodyLines"/> lines begin, and at last where the file ends.</summary>
    public IReadOnlyList<long> Bodies { get; }

    public static Corpus Write(string path, Workload workload, int bodyLines)
    {
        var bodies = new List<long> { 0 };
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var buffer = new byte[4 << 20];
        var (used, written, lines) = (0, 0L, 0);
        foreach (var record in workload.Stream())
        {
            if (buffer.Length - used < RecordWriter.BytesMax)
            {
                file.Write(buffer, 0, used);
                written += used;
                used = 0;
            }

            used += RecordWriter.Write(record, buffer.AsSpan(used));
            if (++lines % bodyLines == 0)
            {
                bodies.Add(written + used);
            }
        }

        file.Write(buffer, 0, used);
        if (bodies[^1] != written + used)
        {
            bodies.Add(written + used);
        }

        return new Corpus(path, workload, bodyLines, bodies);
    }
}
