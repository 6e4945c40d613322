using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using EventGrains.Contracts;
using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Dispatch;
using EventGrains.Silo.Status;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Commit;

/// <summary>Joins the change sets of all shards of this silo into one durable commit after another. One per silo; a thread of its own, no grain.</summary>
/// <remarks>
/// Change sets of one shard leave in the order in which they were handed over. While one commit is on its way the next collects, so the
/// batch grows with the backlog and shrinks when idle. A failed commit fails every later change set of the same shard and epoch: the
/// shard must take itself over again before anything of it is written.
/// <para>The bound is <see cref="SiloSettings.CommitQueueMax"/>: at it, <see cref="Reserve"/> waits, shards wait in it, and so do sources.</para>
/// </remarks>
internal sealed partial class Committer : IDisposable
{
    private static readonly Histogram<double> CommitSeconds = Telemetry.Meter.CreateHistogram<double>(
        "eventgrains_commit_seconds", "s", "How long one durable commit took.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });

    private static readonly Histogram<int> CommitEvents = Telemetry.Meter.CreateHistogram<int>(
        "eventgrains_commit_events", "{events}", "How many events one commit carried.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000] });

    /// <summary>The longest wait between two tries to open the store again.</summary>
    private const int RecoverMillisecondsMax = 1_000;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Waiting> _queue;
    private readonly SemaphoreSlim _places;
    private readonly Dictionary<int, long> _failedEpochs = [];
    private readonly IStore _store;
    private readonly CommitFeed _feed;
    private readonly Dispatcher _dispatcher;
    private readonly Troubles _troubles;
    private readonly TransitionCounter _transitions;
    private readonly SiloSettings _settings;
    private readonly ILogger<Committer> _log;
    private readonly Thread _thread;

    public Committer(
        IStore store, CommitFeed feed, Dispatcher dispatcher, Troubles troubles, TransitionCounter transitions, SiloSettings settings, ILogger<Committer> log)
    {
        (_store, _feed, _dispatcher, _troubles, _transitions, _settings, _log) = (store, feed, dispatcher, troubles, transitions, settings, log);
        _places = new SemaphoreSlim(settings.CommitQueueMax);
        _queue = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true }); // bounded by the places
        _thread = new Thread(Run) { IsBackground = true, Name = "committer" };
        _thread.Start();
    }

    /// <summary>Waits for a place in the queue. Each place is used by one <see cref="Enqueue"/> or given back by <see cref="Release"/>.</summary>
    public Task Reserve(CancellationToken ct = default) => _places.WaitAsync(ct);

    public void Release() => _places.Release();

    /// <summary>Hands a change set over; never waits. The task ends when the commit is durable, and fails when it is not or may not be.</summary>
    public Task Enqueue(ChangeSet changeSet, int events)
    {
        var waiting = new Waiting(changeSet, events);
        if (!_queue.Writer.TryWrite(waiting))
        {
            Release();
            return Task.FromException(new CommitFailedException("the silo is stopping"));
        }

        return waiting.Done.Task;
    }

    private void Run()
    {
        var batch = new List<Waiting>();
        while (Collect(batch))
        {
            // Each try without the change sets of one shard more, so that a row that cannot be written stops its own shard alone.
            while (batch.Count > 0 && Commit(batch) is { } refused)
            {
                Refuse(batch, refused);
            }

            batch.Clear();
        }
    }

    private bool Collect(List<Waiting> batch)
    {
        var events = 0;
        while (true)
        {
            while (events < _settings.CommitEventsMax && _queue.Reader.TryRead(out var next))
            {
                if (_failedEpochs.TryGetValue(next.ChangeSet.Shard, out var failed) && next.ChangeSet.Epoch <= failed)
                {
                    End(next, new CommitFailedException($"an earlier commit of shard {next.ChangeSet.Shard} failed"));
                    continue;
                }

                batch.Add(next);
                events += next.Events;
            }

            if (batch.Count > 0)
            {
                return true;
            }

            // A dedicated thread may block; a grain's turn never does.
            if (!_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                return false;
            }
        }
    }

    /// <summary>Commits the batch; answers whose row could not be written when nothing was committed for that reason.</summary>
    private RowRefusedException? Commit(List<Waiting> batch)
    {
        using var span = Telemetry.Activities.StartActivity("commit");
        var started = Stopwatch.GetTimestamp();
        CommitOutcome outcome;
        try
        {
            outcome = _store.Commit(batch.ConvertAll(w => w.ChangeSet)).GetAwaiter().GetResult();
        }
        catch (RowRefusedException refused)
        {
            return refused;
        }
        catch (Exception failure)
        {
            Fail(batch, failure);
            return null;
        }

        var events = batch.Sum(w => w.Events);
        CommitSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        CommitEvents.Record(events);
        span?.SetTag("events", events).SetTag("commit_index", outcome.CommitIndex);
        for (var i = 0; i < batch.Count; i++)
        {
            if (outcome.Committed[i])
            {
                _dispatcher.Offer(batch[i].ChangeSet.Intents);
                _transitions.Count(batch[i].ChangeSet.Transitions);
            }
        }

        // Whoever reads the log at its end waits here (TransitionLogGrain, for the gateways' tails and their SSE
        // clients): one may see an event a moment before whoever sent it hears that it is durable, which it is by now.
        _feed.Advance(outcome.CommitIndex);
        for (var i = 0; i < batch.Count; i++)
        {
            End(batch[i], outcome.Committed[i] ? null : new ShardFencedException(batch[i].ChangeSet.Shard, batch[i].ChangeSet.Epoch));
        }

        return null;
    }

    /// <summary>Takes a shard's change sets out of the batch: it starts over, and knows which file to leave out.</summary>
    private void Refuse(List<Waiting> batch, RowRefusedException refused)
    {
        if (!batch.Exists(w => w.ChangeSet.Shard == refused.Shard))
        {
            // Whose row it was cannot be known, and the same try again would end the same.
            Fail(batch, new InvalidOperationException($"the store refused a row of shard {refused.Shard}, which had none in the commit", refused));
            batch.Clear();
            return;
        }

        if (refused.File is { } file)
        {
            LogRefused(refused, file);
        }
        else
        {
            LogShardRefused(refused, refused.Shard);
        }

        foreach (var waiting in batch.Where(w => w.ChangeSet.Shard == refused.Shard))
        {
            SpendEpoch(waiting.ChangeSet);
            End(waiting, waiting.ChangeSet.Files.Exists(f => f.After.Id == refused.File)
                ? refused
                : new CommitFailedException($"a commit of shard {refused.Shard} was refused; nothing of it is acknowledged: send the same again", refused));
        }

        batch.RemoveAll(w => w.ChangeSet.Shard == refused.Shard);
    }

    private void SpendEpoch(ChangeSet set) => _failedEpochs[set.Shard] = Math.Max(_failedEpochs.GetValueOrDefault(set.Shard), set.Epoch);

    private void Fail(List<Waiting> batch, Exception failure)
    {
        LogFailed(failure, batch.Count);
        foreach (var waiting in batch)
        {
            SpendEpoch(waiting.ChangeSet);
            End(waiting, new CommitFailedException(failure.Message, failure));
        }

        _troubles.Report("store", $"a commit failed: {failure.Message}", _store.Remedy);
        var began = Stopwatch.GetTimestamp();
        for (var wait = 100; ; wait = Math.Min(wait * 2, RecoverMillisecondsMax))
        {
            try
            {
                _store.Recover().GetAwaiter().GetResult();
                _troubles.Clear("store");
                LogRecovered();
                return;
            }
            catch (Exception again)
            {
                _troubles.Report("store", again.Message, _store.Remedy);
                if (Stopwatch.GetElapsedTime(began).TotalSeconds >= _settings.StoreRetrySeconds)
                {
                    RefuseWaiting(again);
                }

                if (_queue.Reader.Completion.IsCompleted || _stopping.Token.WaitHandle.WaitOne(wait))
                {
                    return;
                }
            }
        }
    }

    /// <summary>Whoever waits for a store that stays away hears why, and comes again.</summary>
    private void RefuseWaiting(Exception failure)
    {
        while (_queue.Reader.TryRead(out var waiting))
        {
            SpendEpoch(waiting.ChangeSet);
            End(waiting, new CommitFailedException(failure.Message, failure));
        }
    }

    private void End(Waiting waiting, Exception? failure)
    {
        _places.Release();
        if (failure is null)
        {
            waiting.Done.SetResult();
        }
        else
        {
            waiting.Done.SetException(failure);
            _ = waiting.Done.Task.Exception; // a caller that was cancelled does not look; the failure is logged once, above
        }
    }

    /// <summary>Commits what waits, then ends the thread.</summary>
    public void Dispose()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        _stopping.Cancel();
        _thread.Join();
        _places.Dispose();
        _stopping.Dispose();
    }

    private sealed class Waiting(ChangeSet changeSet, int events)
    {
        public ChangeSet ChangeSet { get; } = changeSet;

        public int Events { get; } = events;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A commit of {ChangeSets} change sets failed; its shards start over from the store.")]
    private partial void LogFailed(Exception failure, int changeSets);

    [LoggerMessage(Level = LogLevel.Error, Message = "The row of {File} cannot be written; what came for it becomes a dead letter or is rejected, and the others go on.")]
    private partial void LogRefused(Exception failure, FileId file);

    [LoggerMessage(Level = LogLevel.Error, Message = "A row of shard {Shard} that belongs to no file cannot be written; what its callers sent is not acknowledged, and the other shards go on.")]
    private partial void LogShardRefused(Exception failure, int shard);

    [LoggerMessage(Level = LogLevel.Information, Message = "The store commits again.")]
    private partial void LogRecovered();
}
