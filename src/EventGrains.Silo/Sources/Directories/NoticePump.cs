using System.Threading.Channels;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Takes notices from the kernel as they come, which keeps no more than so many. Counts them on both sides.</summary>
internal sealed class NoticePump(IDirectoryNotices kernel)
{
    /// <summary>Notices that wait to be taken; beyond it the kernel keeps them, and beyond its own bound it says so and a scan follows.</summary>
    private const int NoticesMax = 65_536;
    private const int TimeoutMilliseconds = 200;
    private const int FullPauseMilliseconds = 20;

    private readonly Channel<Notice> notices = Channel.CreateBounded<Notice>(NoticesMax);
    private long come;

    /// <summary>How many came.</summary>
    public long Come => Interlocked.Read(ref come);

    /// <summary>How many of them were taken.</summary>
    public long Taken { get; private set; }

    public bool IsEmpty => notices.Reader.Count == 0;

    /// <summary>Runs until it is cancelled, on a thread of its own. A failure is told to who takes next.</summary>
    public void Run(CancellationToken ct)
    {
        try
        {
            var read = new List<Notice>();
            while (!ct.IsCancellationRequested)
            {
                read.Clear();
                kernel.Read(read, TimeoutMilliseconds);
                foreach (var notice in read)
                {
                    while (!notices.Writer.TryWrite(notice) && !ct.IsCancellationRequested)
                    {
                        ct.WaitHandle.WaitOne(FullPauseMilliseconds);
                    }

                    Interlocked.Increment(ref come);
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
        if (notices.Reader.TryRead(out notice))
        {
            Taken++;
            return true;
        }

        if (notices.Reader.Completion is { IsCompleted: true } ended)
        {
            ended.GetAwaiter().GetResult();
        }

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
