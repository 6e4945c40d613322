using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EventGrains.Contracts;

/// <summary>The one meter and the one activity source; every instrument's name begins with <c>eventgrains_</c>.</summary>
public static class Telemetry
{
    public const string Name = "EventGrains";

    public static readonly Meter Meter = new(Name);

    public static readonly ActivitySource Activities = new(Name);
}
