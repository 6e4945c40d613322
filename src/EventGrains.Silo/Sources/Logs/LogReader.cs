using System.Collections.Concurrent;
using EventGrains.Contracts.Sources;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Reads one partition on a thread of its own, from one session to the next, until it rests, is fenced, or is stopped.</summary>
internal sealed partial class LogReader : IAsyncDisposable
{
    private const int ReadBytesMax = 4 * 1024 * 1024;
    private static readonly TimeSpan TroublePauseMax = TimeSpan.FromSeconds(30);

    private readonly LogContext context;
    private readonly string partition;
    private readonly ILogger log;
    private readonly Thread thread;
    private readonly CancellationTokenSource stop = new();
    private readonly AutoResetEvent woken = new(false);
    private readonly ConcurrentQueue<Command> commands = new();
    private readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Large, so it is kept from one session to the next.
    private readonly byte[] buffer;
    private readonly Rate rate;
    private volatile LogReaderView view = new(0, 0, 0, 0, false, null, null);
    private volatile LogSights sights;
    private volatile bool othersWait;
    private long readBefore;
    private long readCounted;
    private long rejectedCounted;

    public LogReader(LogContext context, string partition, LogSights sights, ILogger log)
    {
        this.context = context;
        this.partition = partition;
        this.sights = sights;
        this.log = log;

        // A fraction of what may be unacknowledged, or one read would exceed it.
        buffer = GC.AllocateUninitializedArray<byte>(LogFile.CheckBytes + (int)Math.Clamp(context.Settings.ReadAheadBytesMax / 4, 65_536, ReadBytesMax));
        rate = new Rate(context.Time);
        thread = new Thread(Run) { IsBackground = true, Name = $"read {context.Source.Name}/{partition}" };
    }

    public LogReaderView View => view;

    /// <summary>It reads no more: it rests, a newer reader owns the partition, or it was stopped.</summary>
    public Task Finished => finished.Task;

    public void Start() => thread.Start();

    public void Tell(LogSights sights, bool othersWait)
    {
        this.sights = sights;
        this.othersWait = othersWait;
    }

    public Task Seek(SeekTo to, long position) => Ask(endsSession: true, session => session.Seek(file =>
    {
        var size = file.Stat().Size;
        var wanted = to switch { SeekTo.Earliest => 0, SeekTo.Latest => size, _ => position };
        return wanted < 0 || wanted > size
            ? throw new InvalidOperationException($"{partition} has positions 0 to {size}; {wanted} is not one of them")
            : file.LineStart(wanted, context.Settings.LineBytesMax);
    }));

    public Task Resume(bool skipUnreadable) => Ask(endsSession: false, session => session.Resume(skipUnreadable));

    /// <summary>Stops reading; what is under way may still commit. Waits for the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        woken.Set();
        if ((thread.ThreadState & ThreadState.Unstarted) == 0)
        {
            await finished.Task;
        }
    }

    private async Task Ask(bool endsSession, Action<LogSession> act)
    {
        var command = new Command(act, endsSession, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        commands.Enqueue(command);
        woken.Set();
        if (finished.Task.IsCompleted)
        {
            Refuse();
        }

        await command.Done.Task;
    }

    private void Run()
    {
        try
        {
            for (var failures = 0; !stop.IsCancellationRequested;)
            {
                try
                {
                    if (!RunSession())
                    {
                        return;
                    }

                    failures = 0;
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    return;
                }
                catch (ReaderFencedException)
                {
                    return;
                }
                catch (Exception failure)
                {
                    failures++;
                    view = view with { Trouble = failure.Message };
                    LogTrouble(context.Source.Name, partition, failure);
                    Pause(TimeSpan.FromTicks(Math.Min(TroublePauseMax.Ticks, TimeSpan.TicksPerSecond << Math.Min(failures - 1, 5))));
                }
            }
        }
        finally
        {
            SourceMetrics.ForgetLag(context.Source.Name, partition);
            finished.TrySetResult();
            Refuse();
        }
    }

    /// <summary>False when there is nothing left for this reader to do.</summary>
    private bool RunSession()
    {
        using var session = new LogSession(context, partition, sights, buffer, stop.Token) { Lost = note => LogLost(context.Source.Name, note) };
        session.Begin();
        while (!stop.IsCancellationRequested && !session.Sender.IsOver)
        {
            if (commands.TryDequeue(out var command))
            {
                Obey(command, session);
                if (command.EndsSession)
                {
                    break;
                }

                continue;
            }

            session.Tell(sights);
            var pause = session.Notes.Pause is null ? session.Step() : TimeSpan.FromSeconds(1);
            if (session.Notes.Pause is null && session.Records.Window.IsExceeded)
            {
                session.Pause();
                LogPaused(context.Source.Name, session.Notes.Pause!.Reason);
            }

            Show(session);
            if (pause > TimeSpan.Zero)
            {
                if (session.Notes.Pause is null && session.QuietFor >= IdleMax && session.TryRest())
                {
                    view = view with { IsResting = true };
                    return false;
                }

                Pause(pause);
            }
        }

        if (session.Sender.Look(l => l.MustReadAgain))
        {
            LogReadAgain(context.Source.Name, partition);
        }

        readBefore += session.Records.Read;
        readCounted = rejectedCounted = 0;
        return !session.Sender.Look(l => l.IsFenced);
    }

    private TimeSpan IdleMax => TimeSpan.FromSeconds(othersWait ? 0.2 : context.Settings.ReaderIdleSeconds);

    private static void Obey(Command command, LogSession session)
    {
        try
        {
            command.Act(session);
            command.Done.TrySetResult();
        }
        catch (Exception failure)
        {
            command.Done.TrySetException(failure);
            if (failure is ReaderFencedException)
            {
                throw;
            }
        }
    }

    private void Show(LogSession session)
    {
        var read = session.Records.Read;
        var rejected = session.Records.Rejected;
        SourceMetrics.Count(context.Source.Name, read - readCounted - (rejected - rejectedCounted), rejected - rejectedCounted);
        (readCounted, rejectedCounted) = (read, rejected);
        rate.Tell(readBefore + read);

        var durable = session.Sender.Look(l => l.Durable);
        var position = durable.Generation == session.Generation ? durable.Position : 0;
        view = new LogReaderView(
            session.Generation, position, Math.Max(session.Size, position), rate.PerSecond, false, session.Sender.Trouble, session.Notes.Pause?.Reason);
        SourceMetrics.Lag(context.Source.Name, partition, view.Size - view.Position);
    }

    private void Pause(TimeSpan pause) => woken.WaitOne(pause);

    private void Refuse()
    {
        while (commands.TryDequeue(out var command))
        {
            command.Done.TrySetException(new InvalidOperationException($"the reader of {partition} has just ended; ask again"));
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "source {source}: {note}")]
    private partial void LogLost(string source, string note);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source}, partition {partition}: a shard has lost what it had confirmed; reads again from where it stands")]
    private partial void LogReadAgain(string source, string partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source} paused: {reason}")]
    private partial void LogPaused(string source, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "source {source}, partition {partition}: reading failed, tries again")]
    private partial void LogTrouble(string source, string partition, Exception failure);

    private sealed record Command(Action<LogSession> Act, bool EndsSession, TaskCompletionSource Done);
}
