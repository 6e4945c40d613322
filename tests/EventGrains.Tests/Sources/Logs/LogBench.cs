using System.Text;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Sources.Logs;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventGrains.Tests.Sources.Logs;

/// <summary>One partition of a log source over real files in a directory of its own: shards that answer when they are durable, and readers that can be killed.</summary>
internal sealed class LogBench : IShardCalls, IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("eventgrains-log-");
    private readonly object gate = new();
    private readonly Func<int, bool>? loses;
    private readonly LogGlob glob;
    private LogReader? reader;
    private int calls;
    private TaskCompletionSource? held;
    private int heldShard = -1;

    public LogBench(int shards = 3, Func<int, bool>? loses = null)
    {
        this.loses = loses;
        Models = Enumerable.Range(0, shards).Select(_ => new ShardModel()).ToArray();
        Store = new PartitionStore(Models);
        glob = new LogGlob(PathOf("log*"));
    }

    public SiloSettings Settings { get; } = new() { RotationGraceSeconds = 0.2, LineBytesMax = 1024, ReaderIdleSeconds = 60 };

    public ShardModel[] Models { get; }

    public PartitionStore Store { get; }

    public int Count => Models.Length;

    public LogReaderView View => reader!.View;

    public LogReader Reader => reader!;

    /// <summary>All durable records, by shard and there in order.</summary>
    public IEnumerable<string> Records
    {
        get
        {
            lock (gate)
            {
                return [.. Models.SelectMany(m => m.Records).Order(StringComparer.Ordinal)];
            }
        }
    }

    public List<DeadLetter> DeadLetters
    {
        get
        {
            lock (gate)
            {
                return [.. Models.SelectMany(m => m.DeadLetters)];
            }
        }
    }

    public LogNotes Notes => LogNotes.Read(Store.ReadPartitions("billing").Result.Single(p => p.Partition == "log").Detail);

    /// <summary>Every shard has it durably that this much was read: also those for whom it held no record, which are told a little later.</summary>
    public bool AllStandAt(long generation, long position) => Models.All(m => m.Durable >= new RangePoint(generation, position));

    /// <summary>Changes the partition's row, as a reader does that is killed right after.</summary>
    public async Task Note(Func<LogNotes, LogNotes> change)
    {
        var row = await Store.ClaimPartition("billing", "log");
        Assert.True(await Store.SavePartition(row with { Detail = change(LogNotes.Read(row.Detail)).Write() }));
    }

    public string PathOf(string name) => Path.Combine(directory.FullName, name);

    public void Append(string name, params string[] lines) => AppendRaw(name, string.Concat(lines.Select(l => l + "\n")));

    public void AppendRaw(string name, string text)
    {
        using var file = new FileStream(PathOf(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(Encoding.ASCII.GetBytes(text));
    }

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to));

    public void CopyAndTruncate(string name, string copy)
    {
        File.Copy(PathOf(name), PathOf(copy));
        Truncate(name);
    }

    /// <summary>As <c>cp</c> does over a copy that is there: the same file gets another content.</summary>
    public void CopyOver(string name, string copy)
    {
        var content = File.ReadAllBytes(PathOf(name));
        using var file = new FileStream(PathOf(copy), FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(content);
    }

    /// <summary>A process that keeps its log open, whatever the file is called in the meantime.</summary>
    public FileStream OpenWriter(string name) =>
        new(PathOf(name), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    public void Truncate(string name)
    {
        using var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(0);
    }

    /// <param name="gone">What the source had seen of files that are no more.</param>
    public LogReader Start(params LogSighting[] gone) => Start(new LogSights(Sightings(), gone));

    /// <param name="sights">What the source sees from where it looks, which may be elsewhere.</param>
    public LogReader Start(LogSights sights)
    {
        var context = new LogContext(
            new SourceDefinition("billing", SourceType.Log, "lines", "store", glob.PathOf("log*")), glob, new LineDecoder(), Store, this, Settings, TimeProvider.System);
        reader = new LogReader(context, "log", sights, NullLogger.Instance);
        reader.Start();
        return reader;
    }

    /// <summary>What the source's look at the files gives to this partition.</summary>
    public List<LogSighting> Sightings()
    {
        var notes = Store.ReadPartitions("billing").Result.Count == 0 ? LogNotes.Empty : Notes;
        var matched = LogFileMap.Assign([KeyValuePair.Create("log", notes)], glob.Look()).GetValueOrDefault("log") ?? [];
        return [.. matched, .. LogSightings.Unmatched(glob, notes, matched)];
    }

    /// <summary>As the source does each second.</summary>
    public void Look() => Reader.Tell(new LogSights(Sightings(), []), othersWait: false);

    public static LateFile Grown(LogGeneration generation) => new(generation, generation.End, generation.EndCheck, new LogRest(0, 0));

    public int ShardOf(string record) => new FileId("store", record).ShardOf(Count);

    /// <summary>From now on nothing that this shard takes becomes durable, until <see cref="Kill"/>.</summary>
    public void HoldCommits(int shard) =>
        (held, heldShard) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), shard);

    /// <summary>As kill -9: the reader goes, and the shards lose what they had not committed.</summary>
    public async Task Kill()
    {
        await reader!.DisposeAsync();
        lock (gate)
        {
            Array.ForEach(Models, m => m.Restart());
            heldShard = -1;
            held?.SetException(new TimeoutException("the silo is gone"));
        }
    }

    public async Task<RangeAnswer> ApplyRange(int shard, EventRange range)
    {
        RangeVerdict verdict;
        int life;
        lock (gate)
        {
            var call = ++calls;
            if (loses?.Invoke(call) == true)
            {
                // The shard moves: what it had accepted is gone.
                Models[shard].Restart();
                throw new TimeoutException("the answer was lost");
            }

            verdict = Models[shard].Receive(range);
            life = Models[shard].Restarts;
        }

        await Task.Yield();
        await (shard == heldShard ? held!.Task : Task.CompletedTask);
        lock (gate)
        {
            if (Models[shard].Restarts != life)
            {
                throw new TimeoutException("the shard moved before this was durable");
            }

            Models[shard].CommitAll();
            return new RangeAnswer(verdict, Models[shard].Durable);
        }
    }

    public Task<ApplyAnswer> Apply(int shard, EventBatch batch) => throw new NotSupportedException();

    public async ValueTask DisposeAsync()
    {
        if (reader is not null)
        {
            await reader.DisposeAsync();
        }

        directory.Delete(recursive: true);
    }

    /// <summary>A line is an event of a file of that name; one that begins with <c>!</c> cannot be read, one with <c>-</c> says nothing.</summary>
    private sealed class LineDecoder : IEventDecoder
    {
        public string Format => "lines";

        public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
        {
            var text = Encoding.ASCII.GetString(record);
            if (text[0] == '!')
            {
                return new Decoded("<broken>", new Rejection("line", "begins with !", "write it without"));
            }

            if (text[0] != '-')
            {
                events.Add(new StorageEvent(new FileId(context.Storage, text), text, FileFacts.Nothing));
            }

            return new Decoded("line");
        }
    }
}
