using Orleans.Metadata;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Marks a grain class that keeps no order of calls: each call of a client takes the next silo's client port.</summary>
/// <remarks>Orleans otherwise binds a grain to one port for good, also while that port's silo stands still; a repeated call would be lost like the first.</remarks>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class KeepsNoOrderAttribute : Attribute, IGrainPropertiesProviderAttribute
{
    public static void Mark(Dictionary<string, string> properties) => properties[WellKnownGrainTypeProperties.Unordered] = "true";

    public void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties) => Mark(properties);
}
