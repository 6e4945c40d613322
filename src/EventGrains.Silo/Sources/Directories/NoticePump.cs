using System.Threading.Channels;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>Takes notices from the kernel as they come, which keeps no more than so many.</summary>
internal static class NoticePump
{
    private const int TimeoutMilliseconds = 200;
    private const int FullPauseMilliseconds = 20;

    /// <summary>Runs until it is cancelled, on a thread of its own.</summary>
    public static void Run(IDirectoryNotices kernel, ChannelWriter<Notice> notices, CancellationToken ct)
    {
        var read = new List<Notice>();
        while (!ct.IsCancellationRequested)
        {
            read.Clear();
            kernel.Read(read, TimeoutMilliseconds);
            foreach (var notice in read)
            {
                while (!notices.TryWrite(notice) && !ct.IsCancellationRequested)
                {
                    ct.WaitHandle.WaitOne(FullPauseMilliseconds);
                }
            }
        }
    }
}
