using System.Diagnostics;
using System.IO.Pipelines;
using System.Buffers;
using System.Text;
using System.Text.Json;

namespace EventGrains.LoadTest.Product;

/// <summary>A transition as it came over SSE.</summary>
/// <param name="ReceivedAt">By <see cref="Stopwatch.GetTimestamp"/>.</param>
internal readonly record struct SeenTransition(string File, int Version, long ReceivedAt);

/// <summary>One SSE client: follows transitions, and after a broken connection goes on from the last id that it got.</summary>
internal sealed class TransitionFeed : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(50);

    private readonly Func<ServerClient> _next;
    private readonly string _query;
    private readonly Action<SeenTransition> _seen;
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private string? _lastId;

    /// <param name="seen">Called on one thread, in the order of arrival.</param>
    public TransitionFeed(ServerClient client, string query, Action<SeenTransition> seen)
        : this(() => client, query, seen)
    {
    }

    /// <param name="next">Asked before each connection: any server of a cluster goes on from an id that another gave.</param>
    public TransitionFeed(Func<ServerClient> next, string query, Action<SeenTransition> seen)
    {
        (_next, _query, _seen) = (next, query, seen);
        _reading = Task.Run(Follow);
    }

    public int Connections { get; private set; }

    /// <summary>Gap events: the server says that something is missing.</summary>
    public int Gaps { get; private set; }

    /// <summary>The stream is open for the first time.</summary>
    public Task Open => _open.Task;

    public async ValueTask DisposeAsync()
    {
        if (_reading.IsCompleted)
        {
            return;
        }

        await _end.CancelAsync();
        await _reading;
        _end.Dispose();
    }

    private async Task Follow()
    {
        while (!_end.IsCancellationRequested)
        {
            var client = _next();
            try
            {
                await using var stream = await client.OpenTransitions(_query, _lastId, _end.Token);
                Connections++;
                _open.TrySetResult();
                await Read(stream);
                client.Tell(new IOException("the stream of transitions ended"));
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (ServerClient.IsAway(e, _end.Token))
            {
                client.Tell(e);
            }

            await Task.Delay(ReconnectAfter, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Read(Stream stream)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 << 10));
        var frame = new Frame();
        while (true)
        {
            var read = await pipe.ReadAsync(_end.Token);
            var rest = read.Buffer;
            while (TryCutLine(ref rest, out var line))
            {
                Take(frame, line);
            }

            pipe.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static bool TryCutLine(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            line = default;
            return false;
        }

        line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return true;
    }

    // A frame counts only when its empty line has come: a connection cut in the middle of one leaves the last id as it was.
    private void Take(Frame frame, in ReadOnlySequence<byte> line)
    {
        var bytes = line.IsSingleSegment ? line.FirstSpan : line.ToArray();
        bytes = bytes.TrimEnd((byte)'\r');
        if (bytes.StartsWith("data:"u8))
        {
            frame.Read(bytes["data:".Length..]);
        }
        else if (bytes.StartsWith("id:"u8))
        {
            frame.Id = Encoding.UTF8.GetString(bytes["id:".Length..].TrimStart((byte)' '));
        }
        else if (bytes.StartsWith("event:"u8))
        {
            frame.IsGap = bytes.IndexOf("gap"u8) >= 0;
        }
        else if (bytes.IsEmpty)
        {
            Deliver(frame);
            frame.Clear();
        }
    }

    private void Deliver(Frame frame)
    {
        _lastId = frame.Id ?? _lastId;
        Gaps += frame.IsGap ? 1 : 0;
        if (!frame.IsGap && frame.File is { } file)
        {
            _seen(new SeenTransition(file, frame.Version, Stopwatch.GetTimestamp()));
        }
    }

    private sealed class Frame
    {
        public string? Id { get; set; }

        public bool IsGap { get; set; }

        public string? File { get; private set; }

        public int Version { get; private set; }

        public void Clear() => (Id, IsGap, File, Version) = (null, false, null, 0);

        public void Read(ReadOnlySpan<byte> data)
        {
            var json = new Utf8JsonReader(data);
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1)
                {
                    continue;
                }

                if (json.ValueTextEquals("id"u8))
                {
                    json.Read();
                    File = json.GetString();
                }
                else if (json.ValueTextEquals("version"u8))
                {
                    json.Read();
                    Version = json.GetInt32();
                }
            }
        }
    }
}
