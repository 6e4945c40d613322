using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EventGrains.Tests.Actions;

namespace EventGrains.Tests.Faults;

/// <summary>What tests that break a link build on, with a server that answers every byte with itself.</summary>
public sealed class FaultProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = Deadline.Generous;

    private readonly EchoServer _server = new();
    private readonly FaultProxy _link;

    public FaultProxyTests() => _link = new FaultProxy("127.0.0.1", _server.Port);

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task A_healthy_link_passes_much_at_once_both_ways_and_the_end()
    {
        using var client = await Connect();
        var much = new byte[3 << 20];
        new Random(1).NextBytes(much);

        var hearing = Hear(client, much.Length);
        await client.SendAsync(much).WaitAsync(Patience);
        var heard = await hearing;
        client.Shutdown(SocketShutdown.Send);

        Assert.True(much.AsSpan().SequenceEqual(heard));
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        NobodyIsConnected();
    }

    [Fact]
    public async Task A_cut_link_closes_connections_refuses_new_ones_and_is_healed_on_its_port()
    {
        using var client = await Connect();
        await Echo(client, "before");

        _link.Cut();

        await IsReset(client);
        Assert.Equal(SocketError.ConnectionRefused, (await Assert.ThrowsAsync<SocketException>(Connect)).SocketErrorCode);
        _link.Pass();
        using var again = await Connect();
        await Echo(again, "after");
    }

    [Fact]
    public async Task A_broken_connection_may_be_made_again_at_once()
    {
        using var client = await Connect();
        await Echo(client, "before");

        _link.Break();

        await IsReset(client);
        using var again = await Connect();
        await Echo(again, "after");
    }

    [Fact]
    public async Task A_stalled_link_accepts_passes_nothing_and_forgets_nothing()
    {
        using var early = await Connect();
        await Echo(early, "early");
        _link.Stall();
        using var late = await Connect();

        await Say(early, "held");
        await Say(late, "held too");
        var answers = Task.WhenAll(Hear(early, 4), Hear(late, 8));
        await ManyRoundsWithoutTheLink();

        Assert.DoesNotContain("held", _server.Heard, StringComparison.Ordinal);
        Assert.False(answers.IsCompleted);
        _link.Pass();
        Assert.Equal(["held", "held too"], (await answers).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public async Task A_stall_does_not_tell_that_the_other_side_closed()
    {
        using var client = await Connect();
        await Echo(client, "before");
        _link.Stall();

        client.Shutdown(SocketShutdown.Send);
        var end = client.ReceiveAsync(new byte[1]);
        await ManyRoundsWithoutTheLink();

        Assert.False(end.IsCompleted);
        _link.Pass();
        Assert.Equal(0, await end.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_cut_ends_a_stall_and_what_it_held_is_lost()
    {
        using var client = await Connect();
        await Echo(client, "before");
        _link.Stall();
        await Say(client, "held");

        _link.Cut();
        _link.Pass();

        await IsReset(client);
        NobodyIsConnected();
        Assert.DoesNotContain("held", _server.Heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delay_is_paid_each_way_once_however_many_pieces_are_on_their_way()
    {
        var delay = TimeSpan.FromMilliseconds(200);
        using var client = await Connect();
        await Echo(client, "before");
        _link.Delay(delay);
        var clock = Stopwatch.StartNew();

        var hearing = Hear(client, 400_000);
        for (var i = 0; i < 40; i++)
        {
            await client.SendAsync(new byte[10_000]).WaitAsync(Patience);
        }

        await hearing;
        Assert.True(clock.Elapsed >= 2 * delay, $"{clock.Elapsed}");

        // One piece after the other would take five seconds.
        Assert.True(clock.Elapsed < 20 * delay, $"{clock.Elapsed}");
    }

    [Fact]
    public async Task A_slow_link_takes_the_time_that_its_bytes_need_each_way()
    {
        using var client = await Connect();
        await Echo(client, "before");
        _link.Slow(bytesPerSecond: 50_000);
        var clock = Stopwatch.StartNew();

        await client.SendAsync(new byte[10_000]).WaitAsync(Patience);
        await Hear(client, 10_000);

        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(0.2), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task A_healed_link_lets_go_what_waited_for_its_time()
    {
        using var client = await Connect();
        await Echo(client, "before");
        _link.Delay(TimeSpan.FromHours(1));
        _link.Slow(bytesPerSecond: 1);
        await Say(client, "late");

        _link.Pass();

        Assert.Equal("late", Encoding.UTF8.GetString(await Hear(client, 4)));
    }

    [Theory]
    [InlineData(false, false, "", "")]
    [InlineData(false, true, "COMMIT", "")]
    [InlineData(true, false, "COMMIT", "")]
    [InlineData(true, true, "COMMIT", "COMMIT")]
    public async Task A_cut_at_a_point_is_exact_and_of_one_connection_alone(bool serversBytes, bool afterPassing, string server, string client)
    {
        using var one = await Connect();
        using var other = await Connect();
        await Echo(one, "one");
        await Echo(other, "other");
        var before = _server.Heard;
        var cut = _link.CutAt(serversBytes ? Sender.Server : Sender.Client, FaultProxy.Says("COMMIT"), afterPassing ? Moment.AfterPassing : Moment.BeforePassing);
        await Echo(one, "BEGIN");

        await Say(one, "COMMIT");

        await cut.WaitAsync(Patience);
        Assert.Equal(client, await HearToTheEnd(one));
        await Echo(other, "as before");
        Deadline.Until(() => _server.Heard == $"{before}BEGIN{server}as before" || _server.Heard == $"{before}BEGINas before{server}", $"the server heard '{server}' and no more");
        using var again = await Connect();
        await Echo(again, "COMMIT, which is no point any more");
    }

    [Fact]
    public async Task A_point_is_found_in_bytes_that_come_in_pieces_and_not_in_what_went_before()
    {
        using var client = await Connect();
        var never = _link.At(Sender.Client, FaultProxy.Says("never said"), Moment.BeforePassing, _link.Cut);
        await Echo(client, "COMMIT COM");
        var cut = _link.CutAt(Sender.Client, FaultProxy.Says("COMMIT"), Moment.BeforePassing);

        await Echo(client, "MIT");
        await Echo(client, "COM");
        Assert.False(cut.IsCompleted);
        await Say(client, "MIT");

        await cut.WaitAsync(Patience);
        Assert.Equal("", await HearToTheEnd(client));
        Assert.False(never.IsCompleted);
    }

    [Fact]
    public async Task A_stall_after_a_point_holds_its_answer()
    {
        using var client = await Connect();
        var stalled = _link.At(Sender.Client, FaultProxy.Says("COMMIT"), Moment.AfterPassing, LingerAndStall);

        await Say(client, "COMMIT");
        var answer = Hear(client, 6);
        await stalled.WaitAsync(Patience);
        await ManyRoundsWithoutTheLink();

        Assert.False(answer.IsCompleted);
        _link.Pass();
        Assert.Equal("COMMIT", Encoding.UTF8.GetString(await answer));
    }

    [Fact]
    public async Task A_predicate_that_fails_tells_who_waits_for_its_point()
    {
        using var client = await Connect();
        var cut = _link.CutAt(Sender.Client, _ => throw new InvalidOperationException("no"), Moment.BeforePassing);

        await Echo(client, "hello");

        await Assert.ThrowsAsync<InvalidOperationException>(() => cut.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_client_of_a_link_to_nowhere_is_reset()
    {
        _server.Dispose();
        _link.Stall();
        using var client = await Connect();

        _link.Pass();

        await IsReset(client);
    }

    /// <summary>Leaves the server time to answer before the link stalls.</summary>
    private void LingerAndStall()
    {
        Deadline.Until(() => _server.Heard == "COMMIT", "the server has the commit");
        ManyRoundsWithoutTheLink().GetAwaiter().GetResult();
        _link.Stall();
    }

    private async Task<Socket> Connect() => await Connect(_link.Port);

    private static async Task<Socket> Connect(int port)
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)).WaitAsync(Patience);
        return client;
    }

    private static async Task Say(Socket client, string text) => await client.SendAsync(Encoding.UTF8.GetBytes(text)).WaitAsync(Patience);

    private static async Task<byte[]> Hear(Socket client, int count)
    {
        var bytes = new byte[count];
        for (var heard = 0; heard < count;)
        {
            var read = await client.ReceiveAsync(bytes.AsMemory(heard)).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, read);
            heard += read;
        }

        return bytes;
    }

    private static async Task Echo(Socket client, string text)
    {
        await Say(client, text);
        Assert.Equal(text, Encoding.UTF8.GetString(await Hear(client, text.Length)));
    }

    private static async Task<string> HearToTheEnd(Socket client)
    {
        var heard = new List<byte>();
        var bytes = new byte[100];
        try
        {
            while (await client.ReceiveAsync(bytes).WaitAsync(Patience) is var read and > 0)
            {
                heard.AddRange(bytes[..read]);
            }
        }
        catch (SocketException)
        {
            // A reset is an end.
        }

        return Encoding.UTF8.GetString([.. heard]);
    }

    private static async Task IsReset(Socket client) =>
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WaitAsync(Patience))).SocketErrorCode);

    /// <summary>Time enough for a link that leaks, without a sleep.</summary>
    private async Task ManyRoundsWithoutTheLink()
    {
        using var direct = await Connect(_server.Port);
        for (var i = 0; i < 100; i++)
        {
            await Echo(direct, ".");
        }
    }

    private void NobodyIsConnected() => Deadline.Until(() => _link.Connections == 0, "nobody is connected");
}
