using System.Globalization;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Streams;

namespace EventGrains.Silo.Streams;

/// <summary>Gives one queue's agent the events of streams that have consumers, and keeps the queue's position.</summary>
/// <remarks>
/// The position is a row that the receiver owns by its epoch: up to there every consumer was given everything. It is written some seconds
/// behind, so that what followed it is given again after a restart. A receiver whose row another took stops, and claims it again only if
/// the agent still asks after <see cref="ClaimAgainAfter"/>.
/// </remarks>
internal sealed partial class QueueReceiver(
    string provider, int queue, bool isOfDatasets, QueueWindows windows, EventLogStreams streams, IStore store, TimeProvider time, ILogger log)
    : IQueueAdapterReceiver
{
    /// <summary>Events given at once: each may bring two grains to life, and shards are not to wait behind hundreds of them.</summary>
    private const int GivenAtOnceMax = 64;

    /// <summary>Transitions of the queue that are looked at together, and how many times in one call.</summary>
    private const int PageMax = 256;
    private const int PagesAtOnceMax = 16;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SaveIdleEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClaimAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(1);

    // What has subscribers of its own, and since where in the public order it is theirs.
    private readonly Dictionary<FileId, Cursor> _files = [];
    private readonly Dictionary<string, Cursor> _datasets = new(StringComparer.Ordinal);
    private readonly LookUps _lookUps = new(time);
    private PartitionRow? _row;
    private PartitionRow? _behind;
    private Cursor _given;
    private Cursor _readTo;
    private Cursor _saved;
    private long _savedVersion;
    private bool _hasGiven;
    private DateTimeOffset _lookAt;
    private DateTimeOffset _saveAt;
    private DateTimeOffset _tryAt;

    private string Namespace => isOfDatasets ? TransitionStreams.Datasets : TransitionStreams.Files;

    private bool IsWanted => _files.Count > 0 || _datasets.Count > 0 || streams.Implicit.Has(Namespace);

    public Task Initialize(TimeSpan timeout) => Task.CompletedTask;

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        var given = new List<IBatchContainer>();
        var now = time.GetUtcNow();
        if (now < _tryAt)
        {
            return given;
        }

        try
        {
            if (_row is null)
            {
                await Claim(cancellationToken);
            }

            // The windows have by now what the last call gave.
            _given = _readTo;
            var isTimeToLook = now >= _lookAt;
            if (isTimeToLook)
            {
                _lookAt = now + LookEvery;
                await Look(given, cancellationToken);
            }

            windows.TakeNotices(given, isTimeToLook, IsListenedTo, stream => HasSubscribers(stream) && !_lookUps.IsAwaited(stream));
            given.AddRange(_lookUps.TakeDue(windows.WasFound).Select(stream => TransitionBatch.Notice(stream, Place.None)));
            if (now >= _saveAt)
            {
                _saveAt = now + (_hasGiven ? SaveEvery : SaveIdleEvery);
                await SavePosition(cancellationToken);
            }

            await NoteBehind(ifAwaited: true, cancellationToken);
            await Take(given, Math.Min(Math.Min(maxCount, GivenAtOnceMax), windows.Room), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure)
        {
            LogFailed(failure, queue);
            _tryAt = now + TryAgainAfter;
        }

        given.ForEach(batch => _lookUps.Given(batch.StreamId));
        return given;
    }

    public async Task Shutdown(TimeSpan timeout)
    {
        windows.End();
        if (_row is not null)
        {
            await SavePosition(CancellationToken.None);
        }
    }

    private async Task Claim(CancellationToken ct)
    {
        var row = await store.ClaimPartition($"streams/{provider}", queue.ToString(CultureInfo.InvariantCulture), ct);
        var parts = row.Detail.Split(' ');
        if (parts.Length == 2 && Cursor.TryParse(parts[0], out var saved))
        {
            (_saved, _savedVersion) = (saved, long.Parse(parts[1], CultureInfo.InvariantCulture));
        }
        else
        {
            // Begins where the log ends now, and that must be known if we end before we have given anything.
            _saved = (await store.ReadLogEnds(ct)).Latest;
            await store.SavePartition(row with { Detail = Detail(_saved, 0) }, ct);
        }

        _behind = await store.ClaimPartition($"streams/{provider}/behind", row.Partition, ct);
        windows.Recall(BehindStream.Read(_behind.Detail));
        (_row, _given, _readTo) = (row, _saved, _saved);
        (_lookAt, _saveAt) = (default, time.GetUtcNow() + SaveEvery);
        _lookUps.Begin(_savedVersion);
        _files.Clear();
        _datasets.Clear();
    }

    /// <summary>Who listens now, and what is to be delivered again.</summary>
    private async Task Look(List<IBatchContainer> given, CancellationToken ct)
    {
        var grain = streams.QueueGrain(provider, queue);
        if (windows.PassedAgainNumbers() is { Count: > 0 } passed)
        {
            await grain.Delivered(passed);
            windows.Forget(passed);
        }

        // With nobody known everything is asked for, also at a version that is ours: the claim brought it along.
        var isFirst = _files.Count == 0 && _datasets.Count == 0;
        _lookUps.Ask();
        if (await grain.Look(isFirst ? -1 : _lookUps.Seen) is { } state)
        {
            // First, as it does no harm twice: what fails here is asked for again.
            foreach (var delivery in state.Again)
            {
                await DeliverAgain(delivery);
            }

            await TakeListeners(given, state);
        }
    }

    private async Task TakeListeners(List<IBatchContainer> given, StreamQueueState state)
    {
        foreach (var (stream, listener) in state.Listeners.Where(l => l.Value.Version > _lookUps.Seen))
        {
            await CatchUp(given, EventLogStreams.Parse(stream), listener.Since);
        }

        _files.Clear();
        _datasets.Clear();
        foreach (var (stream, listener) in state.Listeners)
        {
            var key = EventLogStreams.Parse(stream).GetKeyAsString();
            if (isOfDatasets)
            {
                _datasets[key] = listener.Since;
            }
            else
            {
                _files[FileId.Parse(key)] = listener.Since;
            }
        }

        _lookUps.Take(state);
    }

    /// <summary>A stream got its first subscriber after we had passed its place: what came between is given now.</summary>
    private async Task CatchUp(List<IBatchContainer> given, StreamId stream, Cursor since)
    {
        var page = new StreamHistory.Page([], isOfDatasets ? new Place(since.Index, since.Ordinal + 1) : default, More: true);
        while (page.More)
        {
            page = await streams.History.Read(stream, page.Next);
            given.AddRange(page.Items.Where(i => i.Logged!.Cursor.CompareTo(since) > 0 && i.Logged.Cursor.CompareTo(_readTo) <= 0));
        }
    }

    private async Task DeliverAgain(ParkedDelivery delivery)
    {
        var (stream, place) = (EventLogStreams.Parse(delivery.Stream), new Place(delivery.Sequence, delivery.Index));
        var page = await streams.History.Read(stream, place);
        if (page.Items.FirstOrDefault(i => i.Place == place) is { } batch)
        {
            windows.AddAgain(batch, delivery.Number);
        }
        else
        {
            LogGone(delivery.Stream, delivery.Sequence);
            await streams.QueueGrain(provider, queue).Delivered([delivery.Number]);
        }
    }

    private async Task Take(List<IBatchContainer> given, int max, CancellationToken ct)
    {
        if (!IsWanted)
        {
            // Whoever comes is given what came after it, from here or by catching up.
            if (_saveAt - time.GetUtcNow() is var wait && wait < LookEvery)
            {
                _readTo = (await store.ReadLogEnds(ct)).Latest;
            }

            return;
        }

        if (max == 0)
        {
            return;
        }

        // What nobody listens to is passed over here and now: an agent that is given nothing comes again only after its pause.
        for (var (pages, before) = (0, _readTo); pages < PagesAtOnceMax && max > 0; pages++, before = _readTo)
        {
            var (items, next) = await streams.Tail.Read(queue, _readTo, PageMax, ct);
            foreach (var item in items)
            {
                max -= Add(given, item);
                _readTo = item.Cursor;
                if (max <= 0)
                {
                    return;
                }
            }

            _readTo = next;
            if (next == before)
            {
                return;
            }
        }
    }

    /// <returns>How much was added: an event for each stream that somebody listens to, and notices.</returns>
    private int Add(List<IBatchContainer> given, LoggedTransition logged)
    {
        var before = given.Count;
        if (isOfDatasets)
        {
            foreach (var dataset in logged.Transition.Datasets.Where(d => streams.Implicit.Has(Namespace) || IsAfter(logged, _datasets, d)))
            {
                Give(TransitionBatch.OfDataset(StreamId.Create(Namespace, dataset), logged));
            }
        }
        else if (logged.Sequence > 0 && (streams.Implicit.Has(Namespace) || IsAfter(logged, _files, logged.Transition.Id)))
        {
            Give(TransitionBatch.OfFile(StreamId.Create(Namespace, logged.Transition.Id.ToString()), logged));
        }

        _hasGiven |= given.Count > before;
        return given.Count - before;

        void Give(TransitionBatch batch)
        {
            windows.TakeNoticeOfOwed(batch.StreamId, given);
            given.Add(batch);
        }
    }

    private static bool IsAfter<T>(LoggedTransition logged, Dictionary<T, Cursor> since, T key)
        where T : notnull => since.TryGetValue(key, out var cursor) && logged.Cursor.CompareTo(cursor) > 0;

    private bool IsListenedTo(StreamId stream) => streams.Implicit.Has(Namespace) || HasSubscribers(stream);

    private bool HasSubscribers(StreamId stream) =>
        isOfDatasets ? _datasets.ContainsKey(stream.GetKeyAsString()) : _files.ContainsKey(FileId.Parse(stream.GetKeyAsString()));

    /// <summary>Consumers that read the past have their place in a row of its own, since the queue's position has passed it: a silo that takes the queue over gives them the rest.</summary>
    private async Task NoteBehind(bool ifAwaited, CancellationToken ct)
    {
        if (_behind is null || windows.Behind(ifAwaited) is not { } streams)
        {
            return;
        }

        var row = _behind with { Detail = BehindStream.Write(streams) };
        if (row.Detail != _behind.Detail && !await store.SavePartition(row, ct))
        {
            Lose();
            return;
        }

        _behind = row;
        windows.Noted(streams);
    }

    private async Task SavePosition(CancellationToken ct)
    {
        await NoteBehind(ifAwaited: false, ct);
        var passed = windows.PassedAll(_given);

        // What a first subscriber is given of before the position is found again by its version alone.
        var version = passed.CompareTo(_saved) < 0 ? _savedVersion : _lookUps.Settled;
        if (_row is null || (passed.CompareTo(_saved) <= 0 && version == _savedVersion))
        {
            return;
        }

        passed = passed.CompareTo(_saved) > 0 ? passed : _saved;
        if (await store.SavePartition(_row with { Detail = Detail(passed, version) }, ct))
        {
            (_saved, _savedVersion, _hasGiven) = (passed, version, windows.PassedAll(_given) != _given);
        }
        else
        {
            Lose();
        }
    }

    private void Lose()
    {
        LogTaken(queue);
        (_row, _behind, _tryAt) = (null, null, time.GetUtcNow() + ClaimAgainAfter);
    }

    internal static string Detail(Cursor position, long version) => string.Create(CultureInfo.InvariantCulture, $"{position} {version}");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue {Queue} of the transitions' streams could not be read; it is read again.")]
    private partial void LogFailed(Exception failure, int queue);

    [LoggerMessage(Level = LogLevel.Information, Message = "Queue {Queue} of the transitions' streams has another reader.")]
    private partial void LogTaken(int queue);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log does not keep {Sequence} of {Stream} any more: it is not delivered again.")]
    private partial void LogGone(string stream, long sequence);
}
