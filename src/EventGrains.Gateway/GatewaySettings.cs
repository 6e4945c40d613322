using EventGrains.Contracts.Settings;

namespace EventGrains.Gateway;

/// <summary>What can be set of a gateway.</summary>
public sealed class GatewaySettings
{
    [Setting("The longest line or record taken; a longer one is answered 413.", Unit = "bytes", Min = 1_024, Max = 67_108_864)]
    public int LineBytesMax { get; set; } = 1 << 20;

    [Setting("Events in one request; more are answered 413, and the CLI cuts.", Unit = "events", Min = 1, Max = 1_000_000)]
    public int RequestEventsMax { get; set; } = 20_000;

    [Setting("Bytes in one request's body; more are answered 413, and the CLI cuts.", Unit = "bytes", Min = 1_024, Max = 1_073_741_824)]
    public int RequestBytesMax { get; set; } = 64 << 20;

    [Setting("Bodies of all requests at work together; beyond it a request is answered 503 with Retry-After.", Unit = "bytes", Min = 1_048_576, Max = 68_719_476_736)]
    public long IntakeBytesMax { get; set; } = 256 << 20;

    [Setting("While the shards have so many events of all requests to do, what comes beyond waits for its turn, half of intakeSecondsMax at most, and is then answered 503 with Retry-After.", Unit = "events", Min = 100, Max = 10_000_000)]
    public int IntakeEventsMax { get; set; } = 8_192;

    [Setting("How long one request may take until its events are durable; then it is answered 503 with Retry-After.", Unit = "seconds", Min = 1, Max = 25)]
    public int IntakeSecondsMax { get; set; } = 25;

    [Setting("Clients that follow transitions at the same time; one more is answered 503 with Retry-After.", Unit = "clients", Min = 1, Max = 100_000)]
    public int SseClientsMax { get; set; } = 1_000;

    [Setting("Recent transitions kept in memory for all clients; one that is further behind reads the log itself until it has caught up.", Unit = "transitions", Min = 256, Max = 10_000_000)]
    public int TailRingMax { get; set; } = 32_768;

    [Setting("Transitions read from the log at once.", Unit = "transitions", Min = 16, Max = 100_000)]
    public int TailPageMax { get; set; } = 2_048;

    [Setting("Transitions handed to one client before its connection is flushed.", Unit = "transitions", Min = 1, Max = 10_000)]
    public int SseBatchMax { get; set; } = 256;

    [Setting("Names, separated by commas, by which clients may call this server besides loopback names and the address it listens on; any other Host is answered 421.")]
    public string AllowedHosts { get; set; } = "";

    /// <summary>The address that the server was told to listen on, such as <c>data.example.org</c>: clients may use it as Host.</summary>
    public string ListenAddress { get; set; } = "127.0.0.1";

    /// <summary>Bearer tokens, one of which every request must carry; empty (loopback only) asks for none.</summary>
    public IReadOnlyCollection<string> Tokens { get; set; } = [];
}
