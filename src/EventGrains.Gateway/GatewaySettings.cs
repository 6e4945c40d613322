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
}
