using System.Buffers;
using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Product;

/// <summary>Publishes records by HTTP and sends again what got no 200.</summary>
internal sealed class Publisher(ServerClient client, string source)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(100);
    private long _accepted;
    private long _rejected;
    private long _resent;

    /// <summary>Acknowledged with 200.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    public long Rejected => Volatile.Read(ref _rejected);

    /// <summary>Bodies that had to be offered again.</summary>
    public long Resent => Volatile.Read(ref _resent);

    /// <summary>Offers one body until it is acknowledged.</summary>
    public async Task Publish(ReadOnlyMemory<byte> lines, CancellationToken ct)
    {
        while (true)
        {
            if (await client.Publish(source, lines, ct) is { } answer)
            {
                Interlocked.Add(ref _accepted, answer.Accepted);
                Interlocked.Add(ref _rejected, answer.Rejected);
                return;
            }

            Interlocked.Increment(ref _resent);
            await Task.Delay(AgainAfter, ct);
        }
    }

    /// <summary>All bodies of a corpus, in order, a few on their way at a time.</summary>
    public async Task PublishAll(Corpus corpus, int inFlightMax, CancellationToken ct)
    {
        using var file = File.OpenHandle(corpus.Path);
        var bodies = Enumerable.Range(0, corpus.Bodies.Count - 1);
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = inFlightMax, CancellationToken = ct }, async (body, token) =>
        {
            var (from, length) = (corpus.Bodies[body], (int)(corpus.Bodies[body + 1] - corpus.Bodies[body]));
            var buffer = ArrayPool<byte>.Shared.Rent(length);
            for (var read = 0; read < length;)
            {
                read += RandomAccess.Read(file, buffer.AsSpan(read, length - read), from + read);
            }

            await Publish(buffer.AsMemory(0, length), token);
            ArrayPool<byte>.Shared.Return(buffer);
        });
    }
}
