using System.Collections.Immutable;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>A watched directory: notices say where to look, looks say what is there, scans find what notices missed.</summary>
internal sealed partial class DirectorySource : ISourceRunner
{
    private const int BatchPathsMax = 500;
    private const int BatchNoticesMax = 10_000;

    // The row in which the root is remembered; a directory has no other partition.
    private const string RootPartition = "root";
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan UnwatchedScanPeriod = TimeSpan.FromMinutes(1);

    private readonly DirectoryContext context;
    private readonly ILogger log;
    private readonly CancellationTokenSource stop = new();
    private readonly LookQueue queue = new();
    private readonly HashSet<string> movedAway = new(StringComparer.Ordinal);
    private readonly DirectoryEvents events;
    private readonly DirectoryLooks looks;
    private readonly DirectoryHealth health;
    private Task running = Task.CompletedTask;
    private volatile bool isScanDue = true;
    private volatile bool isWalking;
    private volatile bool isPaused;
    private long asked;
    private long confirmed;
    private bool adoptRoot;
    private long scannedAt;

    public DirectorySource(DirectoryContext context, ILogger log)
    {
        this.context = context;
        this.log = log;
        events = new DirectoryEvents(context);
        looks = new DirectoryLooks(context, events);
        health = new DirectoryHealth(context);
    }

    public SourceView View => health.View;

    /// <summary>How many scans have ended; for tests, which wait for one.</summary>
    public int Scans { get; private set; }

    public void Start() => running = Task.Run(Run);

    public Task Seek(string partition, SeekTo to, long position) => throw new InvalidOperationException(
        $"source '{context.Source.Name}' is a directory and has no positions; it is compared with what is known every {context.Settings.ScanMinutes} minutes");

    /// <summary>Says yes to what it asked: that so many files are gone, or that the root is another one now. Scans again.</summary>
    public Task Resume(bool skipUnreadable)
    {
        lock (queue)
        {
            confirmed = isPaused ? asked : confirmed;
            adoptRoot = View.State == SourceState.Stopped;
            isPaused = false;
            isScanDue = true;
        }

        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        health.Dispose();
    }

    private async Task Run()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await OpenRoot();
                await Watch();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (RootLostException lost)
            {
                Stopped($"{lost.Message}; nothing is said to be deleted", $"mount it again; or, if this is the directory now, 'eventgrains source resume {context.Source.Name}'");
            }
            catch (IOException missing)
            {
                Stopped(missing.Message, "create or mount it, and it is watched");
            }
            catch (Exception failure)
            {
                LogTrouble(context.Source.Name, failure);
                Stopped(failure.Message, "it is tried again every second; the log says more");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), context.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The known root, or at first sight this one from now on.</summary>
    private async Task OpenRoot()
    {
        var row = (await context.Store.ReadPartitions(context.Source.Name, stop.Token)).FirstOrDefault(r => r.Partition == RootPartition);
        context.Root.Notes = RootNotes.Read(row?.Detail);
        if (context.Root.Notes is null || TakeAdoption())
        {
            var claimed = await context.Store.ClaimPartition(context.Source.Name, RootPartition, stop.Token);
            await context.Store.SavePartition(claimed with { Detail = context.Root.Adopt().Write() }, stop.Token);
        }

        looks.CheckRoot();
    }

    /// <summary>Runs until the root is lost or the source stops.</summary>
    private async Task Watch()
    {
        using var kernel = context.OpenNotices();
        var notices = new NoticePump(kernel);
        var deletions = new Deletions(context, looks, queue, notices);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var watches = new DirectoryWatches(context.Root, kernel);
        var reader = new Thread(() => notices.Run(ended.Token)) { IsBackground = true, Name = $"watch {context.Source.Name}" };
        var scan = new DirectoryScan(context, looks, watches, answer => deletions.Leave(answer, watches.Trouble is null));
        var scanning = Task.CompletedTask;
        var walks = new List<Task>();
        isScanDue = true;
        isWalking = false;
        reader.Start();
        try
        {
            while (true)
            {
                ended.Token.ThrowIfCancellationRequested();
                looks.CheckRoot();
                for (var n = 0; n < BatchNoticesMax && notices.TryTake(out var notice); n++)
                {
                    Take(notice, watches, directory => walks.Add(Task.Run(() => scan.Walk(directory, ended.Token))));
                }

                walks.RemoveAll(w => w.IsCompletedSuccessfully);
                await Task.WhenAll(walks.Where(w => w.IsCompleted));
                if (scanning.IsCompleted)
                {
                    await Settle(scanning);
                    if (!isPaused && IsScanDue(watches))
                    {
                        isWalking = true;
                        scanning = Task.Run(() => Scan(scan, watches, ended.Token));
                    }
                    else if (!isPaused && movedAway.Count > 0 && walks.Count == 0 && notices.IsEmpty)
                    {
                        var directories = movedAway.ToArray();
                        movedAway.Clear();
                        scanning = Task.Run(() => scan.FindVanishedBelow(directories, path => watches.Trouble is null ? Vanished(path, ended.Token) : Task.CompletedTask, ended.Token));
                    }
                }

                var isBusy = !isPaused && (await LookAround(deletions, watches, ended.Token)
                    | await deletions.Advance(() => isScanDue, () => isWalking, walks, ended.Token));
                if (!isPaused)
                {
                    Running(watches, scan);
                }

                if (!isBusy)
                {
                    await notices.Wait(Tick, ended.Token);
                }
            }
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll([scanning, .. walks]).ContinueWith(_ => { }, TaskScheduler.Default);
            reader.Join();
        }
    }

    private void Take(Notice notice, DirectoryWatches watches, Action<string> walk)
    {
        if ((notice.What & (Notices.Overflow | Notices.Unmounted)) != 0)
        {
            isScanDue = true;
            return;
        }

        if ((notice.What & Notices.Ignored) != 0)
        {
            watches.Forget(notice.Watch);
            return;
        }

        if (watches.PathOf(notice.Watch) is not { } directory || notice.Name.Length == 0 || WatchedRoot.IsOurs(notice.Name))
        {
            return;
        }

        var path = $"{directory}/{notice.Name}";
        if ((notice.What & Notices.OfDirectory) == 0)
        {
            lock (queue)
            {
                queue.Add(path, context.Now + ((notice.What & Notices.Created) != 0 ? LookQueue.CreatedDelay : TimeSpan.Zero), ArrivalOf(notice.What));
            }
        }
        else if ((notice.What & (Notices.Created | Notices.MovedTo)) != 0)
        {
            walk(path);
        }
        else if ((notice.What & Notices.MovedFrom) != 0)
        {
            watches.RemoveBelow(path);
            movedAway.Add(path);
        }
    }

    private static Arrival? ArrivalOf(Notices what) =>
        (what & Notices.WriterClosed) != 0 ? Arrival.Closed
        : (what & Notices.MovedTo) != 0 ? Arrival.Moved
        : (what & Notices.Created) != 0 ? Arrival.Created
        : (what & Notices.Attributes) != 0 ? null
        : Arrival.Unknown;

    /// <summary>True when there may be more to do at once.</summary>
    private async Task<bool> LookAround(Deletions deletions, DirectoryWatches watches, CancellationToken ct)
    {
        List<Look> due;
        lock (queue)
        {
            due = queue.TakeDue(context.Now, BatchPathsMax);
        }

        if (due.Count > 0)
        {
            deletions.Leave(await looks.Look(due, ct), watches.Trouble is null);
        }

        return due.Count > 0;
    }

    private async Task Scan(DirectoryScan scan, DirectoryWatches watches, CancellationToken ct)
    {
        await looks.BeginScan(ct);
        scan.Unlisted = 0;
        watches.BeginScan();
        await scan.Walk("", ct);
        watches.EndScan();
        lock (queue)
        {
            isWalking = false;
        }

        var areAll = await scan.FindMissing(confirmed, () => IsAllNoticed(watches), path => Vanished(path, ct), ct);
        lock (queue)
        {
            confirmed = areAll ? 0 : confirmed;
        }

        Scans++;
    }

    private bool IsAllNoticed(DirectoryWatches watches)
    {
        lock (queue)
        {
            return watches.Trouble is null && looks.KnowsAllNames && !isScanDue && !queue.HasOverflowed;
        }
    }

    /// <summary>Ends a scan: its failure is the source's, except that it may ask.</summary>
    private async Task Settle(Task scan)
    {
        try
        {
            await scan;
        }
        catch (MissingFilesException missing)
        {
            if (!isPaused && !isScanDue)
            {
                lock (queue)
                {
                    (asked, isPaused) = (missing.Missing, true);
                }

                health.Show(SourceState.Paused, [missing.Complaint]);
                LogPaused(context.Source.Name, missing.Message);
            }
        }
    }

    private bool IsScanDue(DirectoryWatches watches)
    {
        var period = TimeSpan.FromMinutes(context.Settings.ScanMinutes);
        period = watches.Trouble is not null && UnwatchedScanPeriod < period ? UnwatchedScanPeriod : period;
        lock (queue)
        {
            var isDue = isScanDue || queue.HasOverflowed || context.Time.GetElapsedTime(scannedAt) >= period;
            if (isDue)
            {
                isScanDue = false;
                queue.ForgetOverflow();
                scannedAt = context.Time.GetTimestamp();
            }

            return isDue;
        }
    }

    /// <summary>Waits while the queue is full: a scan may find more than it holds.</summary>
    private async Task Vanished(string path, CancellationToken ct)
    {
        while (true)
        {
            lock (queue)
            {
                if (queue.Count < LookQueue.PathsMax / 2)
                {
                    queue.AddVanished(path, context.Now);
                    return;
                }
            }

            await Task.Delay(Tick, context.Time, ct);
        }
    }

    private bool TakeAdoption()
    {
        lock (queue)
        {
            var take = adoptRoot;
            adoptRoot = false;
            return take;
        }
    }

    private void Running(DirectoryWatches watches, DirectoryScan scan) => health.Show(
        SourceState.Running,
        [events.Trouble, watches.Trouble],
        looks.Unannounced > 0 ? $"{looks.Unannounced} files are not announced: they are open for writing, not readable, or dated in the future" : null,
        scan.Unlisted > 0 ? $"{scan.Unlisted} directories could not be listed" : null,
        context is { IsReplica: true, Copies: null } ? "nobody takes what it sees of copies" : null);

    private void Stopped(string why, string remedy) => health.Show(SourceState.Stopped, [new Complaint(why, remedy)]);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source}: watching failed, tries again")]
    private partial void LogTrouble(string source, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source} paused: {reason}")]
    private partial void LogPaused(string source, string reason);
}
