using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>The kernel's notices, that can be kept from telling and from watching more, and can be made to tell all the time.</summary>
internal sealed class Kernel : IDirectoryNotices
{
    private const int OutOfWatches = 28;

    private readonly ManualResetEventSlim isOpen = new(true);
    private readonly ManualResetEventSlim isHeld = new();
    private readonly HashSet<int> watches = [];
    private IDirectoryNotices? real;
    private int root = -1;

    public volatile bool HasOverflowed;

    public int WatchesMax { get; set; } = int.MaxValue;

    /// <summary>A name in the root of which something is told all the time, without end.</summary>
    public volatile string? Busy;

    /// <summary>Says with everything that it lost something.</summary>
    public volatile bool IsOverflowing;

    /// <summary>The next read fails with it.</summary>
    public volatile Exception? Failure;

    /// <summary>What happens in directories of this name is not noticed.</summary>
    public string? Unwatchable { get; init; }

    public IDirectoryNotices Open()
    {
        real = Inotify.Open();
        return this;
    }

    /// <summary>Returns when nobody reads any more.</summary>
    public void HoldNotices()
    {
        isOpen.Reset();
        isHeld.Reset();
        isHeld.Wait();
    }

    public void LetNoticesGo() => isOpen.Set();

    public int TryAdd(string path, out int error)
    {
        var watch = real!.TryAdd(path, out error);
        lock (watches)
        {
            if (watch < 0 || watches.Contains(watch) || (watches.Count < WatchesMax && Path.GetFileName(path) != Unwatchable))
            {
                watches.Add(watch);
                root = root < 0 ? watch : root;
                return watch;
            }
        }

        real.Remove(watch);
        error = OutOfWatches;
        return -1;
    }

    public void Remove(int watch) => real!.Remove(watch);

    /// <summary>Happens before it is measured how much is not read.</summary>
    public Action WhenMeasured { get; set; } = () => { };

    public int Unread
    {
        get
        {
            WhenMeasured();
            return real!.Unread;
        }
    }

    public void Wait(int timeoutMilliseconds)
    {
        if (!isOpen.IsSet)
        {
            isHeld.Set();
            isOpen.Wait(timeoutMilliseconds);
        }
        else if (Busy is null && !IsOverflowing)
        {
            real!.Wait(timeoutMilliseconds);
        }
    }

    public int Read(List<Notice> notices)
    {
        if (Interlocked.Exchange(ref Failure, null) is { } failure)
        {
            throw failure;
        }

        if (!isOpen.IsSet)
        {
            return 0;
        }

        var amount = real!.Read(notices);
        var added = notices.Count;
        if (Busy is { } name)
        {
            notices.AddRange(Enumerable.Repeat(new Notice(root, Notices.Attributes, 0, name), 100));
        }

        if (IsOverflowing)
        {
            Thread.Yield();
            notices.Add(new Notice(-1, Notices.Overflow, 0, ""));
        }

        HasOverflowed |= notices.Any(n => (n.What & Notices.Overflow) != 0);
        return amount + notices.Count - added;
    }

    public void Dispose()
    {
        real?.Dispose();
        isOpen.Dispose();
        isHeld.Dispose();
    }
}
