using System.Collections.Immutable;
using EventGrains.Contracts.Sources;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>A log source: looks every second which files match its glob, and keeps a reader for each partition that has something to read.</summary>
internal sealed partial class LogSource(LogContext context, IGrainFactory grains, ILogger<LogSource> log) : ISourceRunner
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource stop = new();
    private readonly Dictionary<string, (string Detail, LogNotes Notes)> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LogReaderView> reading = new(StringComparer.Ordinal);
    private Dictionary<string, List<LogSighting>> gone = new(StringComparer.Ordinal);
    private Dictionary<string, List<LogSighting>> seen = new(StringComparer.Ordinal);
    private Task running = Task.CompletedTask;
    private volatile SourceView view = new(
        context.Source.Name, "log", context.Source.Format, context.Source.Storage, SourceState.Running, null, []);

    public SourceView View => view;

    public void Start() => running = Task.Run(Run);

    public Task Seek(string partition, SeekTo to, long position) =>
        view.Partitions.Any(p => p.Partition == partition)
            ? ReaderOf(partition).Seek(to, position)
            : throw new InvalidOperationException($"source '{context.Source.Name}' has no partition '{partition}'; it has: {string.Join(", ", view.Partitions.Take(20).Select(p => p.Partition))}");

    /// <summary>Resumes every partition that paused; one that did not is not disturbed.</summary>
    public async Task Resume(bool skipUnreadable)
    {
        foreach (var row in await context.Store.ReadPartitions(context.Source.Name, stop.Token))
        {
            if (LogNotes.Read(row.Detail).Pause is not null)
            {
                await ReaderOf(row.Partition).Resume(skipUnreadable);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
    }

    private async Task Run()
    {
        using var timer = new PeriodicTimer(Period, context.Time);
        do
        {
            try
            {
                await Look();
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                // What became of the files meanwhile nobody knows.
                (seen, gone) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal));
                LogTrouble(context.Source.Name, failure);
                view = view with { State = failure is IOException ? SourceState.Stopped : SourceState.Running, Reason = failure.Message };
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                // A reader on a silo that stops refuses to begin; so does the wait.
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(stop.Token).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default));
    }

    private async Task Look()
    {
        foreach (var row in await context.Store.ReadPartitions(context.Source.Name, stop.Token))
        {
            if (!known.TryGetValue(row.Partition, out var before) || before.Detail != row.Detail)
            {
                known[row.Partition] = (row.Detail, LogNotes.Read(row.Detail));
            }
        }

        var files = LogFileMap.Assign(known.Select(k => KeyValuePair.Create(k.Key, k.Value.Notes)), context.Glob.Look());
        AddUnmatched(files);
        gone = known.Keys.Select(p => KeyValuePair.Create(p, LogFileMap.Gone(NotesOf(p), [.. FilesOf(seen, p), .. FilesOf(gone, p)], FilesOf(files, p))))
            .Where(g => g.Value.Count > 0)
            .ToDictionary(StringComparer.Ordinal);
        seen = files;
        var wanting = known.Keys.Union(files.Keys)
            .Where(p => LogFileMap.HasWork(NotesOf(p), FilesOf(files, p)) || LogFileMap.IsMissing(NotesOf(p), FilesOf(files, p)))
            .OrderBy(p => reading.ContainsKey(p) ? 0 : 1)
            .ThenBy(p => FilesOf(files, p).Select(f => f.ModifiedNanoseconds).DefaultIfEmpty(0).Min())
            .ToArray();

        // At the bound the rest wait; readers that have caught up are asked to make room.
        var served = wanting.Take(context.Settings.LogReadersMax).ToArray();
        var waiting = wanting.Length - served.Length;
        var answers = await Task.WhenAll(served.Select(p => Ping(p, new LogSights(FilesOf(files, p), FilesOf(gone, p)), waiting > 0)));
        reading.Clear();
        foreach (var (partition, answer) in served.Zip(answers))
        {
            if (answer is { IsResting: false })
            {
                reading[partition] = answer;
            }
        }

        view = Describe(files, waiting);
    }

    /// <summary>A file that lies where the glob does not look is still its partition's.</summary>
    private void AddUnmatched(Dictionary<string, List<LogSighting>> files)
    {
        foreach (var (partition, (_, notes)) in known)
        {
            var matched = FilesOf(files, partition);
            if (LogSightings.Unmatched(context.Glob, notes, matched).ToArray() is { Length: > 0 } unmatched)
            {
                files[partition] = [.. matched, .. unmatched];
            }
        }
    }

    private async Task<LogReaderView?> Ping(string partition, LogSights sights, bool othersWait)
    {
        try
        {
            return await ReaderOf(partition).Ping(sights, othersWait);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            return new LogReaderView(0, 0, 0, 0, false, $"its reader does not answer: {failure.Message}", null);
        }
    }

    private SourceView Describe(Dictionary<string, List<LogSighting>> files, int waiting)
    {
        var partitions = ImmutableArray.CreateBuilder<PartitionView>();
        var reasons = new List<string>();
        var isPaused = false;
        foreach (var partition in known.Keys.Union(files.Keys).Order(StringComparer.Ordinal))
        {
            var notes = NotesOf(partition);
            var reader = reading.GetValueOrDefault(partition);
            var size = FilesOf(files, partition).Where(f => notes.Last?.File is not { } last || f.Identity == last).Select(f => f.Size).DefaultIfEmpty(0).Max();
            partitions.Add(reader is not null
                ? new PartitionView(partition, reader.Generation, reader.Position, Math.Max(reader.Size, size), reader.EventsPerSecond)
                : new PartitionView(partition, notes.Last?.Number ?? 0, notes.Rest?.Position ?? notes.Last?.End ?? 0, size, 0));
            isPaused |= notes.Pause is not null;
            AddReason(notes.Pause?.Reason);
            AddReason(reader?.Trouble is { } trouble ? $"{partition}: {trouble}" : null);
            AddReason(notes.LastGap?.Note);
        }

        AddReason(waiting > 0 ? $"{waiting} files wait for a reader (logReadersMax is {context.Settings.LogReadersMax})" : null);
        return view with
        {
            State = isPaused ? SourceState.Paused : SourceState.Running,
            Reason = reasons.Count == 0 ? null : string.Join("; ", reasons.Take(5)),
            Partitions = partitions.ToImmutable(),
        };

        void AddReason(string? reason)
        {
            if (reason is not null)
            {
                reasons.Add(reason);
            }
        }
    }

    private LogNotes NotesOf(string partition) => known.TryGetValue(partition, out var row) ? row.Notes : LogNotes.Empty;

    private static List<LogSighting> FilesOf(Dictionary<string, List<LogSighting>> files, string partition) =>
        files.TryGetValue(partition, out var list) ? list : [];

    private ILogReaderGrain ReaderOf(string partition) => grains.GetGrain<ILogReaderGrain>(LogReaderGrain.KeyOf(context.Source.Name, partition));

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source}: cannot look at its files, tries again")]
    private partial void LogTrouble(string source, Exception failure);
}
