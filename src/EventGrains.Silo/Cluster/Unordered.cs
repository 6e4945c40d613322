using Orleans.Metadata;

namespace EventGrains.Silo.Cluster;

/// <summary>Marks a grain class that keeps no order of calls: each call of a client takes the next silo's client port.</summary>
/// <remarks>Orleans otherwise binds a grain to one port for good, also while that port's silo stands still; a repeated call would be lost like the first.</remarks>
internal static class Unordered
{
    public static void Mark(Dictionary<string, string> properties) => properties[WellKnownGrainTypeProperties.Unordered] = "true";
}
