using System.Threading.Channels;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Takes notices from the kernel as they come, which keeps no more than so many. Measures what came and what was taken of it.</summary>
internal sealed class NoticePump(IDirectoryNotices kernel)
{
    /// <summary>Notices that wait to be taken; beyond it the kernel keeps them, and beyond its own bound it says so and a scan follows.</summary>
    private const int NoticesMax = 65_536;
    private const int TimeoutMilliseconds = 200;
    private const int FullPauseMilliseconds = 20;

    private readonly Channel<(Notice Notice, long UpTo)> notices = Channel.CreateBounded<(Notice, long)>(NoticesMax);
    private readonly Lock reading = new();
    private long read;

    /// <summary>How much came so far, also what the kernel still keeps: who waits until so much is taken has taken all that happened before now.</summary>
    public long Come
    {
        get
        {
            lock (reading)
            {
                return read + kernel.Unread;
            }
        }
    }

    /// <summary>How much of it was taken.</summary>
    public long Taken { get; private set; }

    public bool IsEmpty => notices.Reader.Count == 0;

    /// <summary>Runs until it is cancelled, on a thread of its own. A failure is told to who takes next.</summary>
    public void Run(CancellationToken ct)
    {
        try
        {
            var batch = new List<Notice>();
            while (!ct.IsCancellationRequested)
            {
                kernel.Wait(TimeoutMilliseconds);
                batch.Clear();
                long before, after;
                lock (reading)
                {
                    before = read;
                    after = read += kernel.Read(batch);
                }

                if (after > before && batch.Count == 0)
                {
                    batch.Add(Notice.Nothing);
                }

                for (var n = 0; n < batch.Count; n++)
                {
                    while (!notices.Writer.TryWrite((batch[n], n == batch.Count - 1 ? after : before)) && !ct.IsCancellationRequested)
                    {
                        ct.WaitHandle.WaitOne(FullPauseMilliseconds);
                    }
                }
            }
        }
        catch (Exception failure)
        {
            notices.Writer.TryComplete(failure);
        }
    }

    /// <summary>The next notice; false when none waits.</summary>
    /// <exception cref="IOException">Or whatever made the kernel's notices end.</exception>
    public bool TryTake(out Notice notice)
    {
        if (notices.Reader.TryRead(out var next))
        {
            (notice, Taken) = next;
            return true;
        }

        if (notices.Reader.Completion is { IsCompleted: true } ended)
        {
            ended.GetAwaiter().GetResult();
        }

        notice = Notice.Nothing;
        return false;
    }

    /// <summary>Ends when a notice waits, or after the time.</summary>
    public async Task Wait(TimeSpan wait, CancellationToken ct)
    {
        using var tick = CancellationTokenSource.CreateLinkedTokenSource(ct);
        tick.CancelAfter(wait);
        await ((Task)notices.Reader.WaitToReadAsync(tick.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
