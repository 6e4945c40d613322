using EventGrains.Silo.Datasets;
using EventGrains.Silo.Files;
using EventGrains.Silo.Shards;
using EventGrains.Silo.Sources;
using EventGrains.Silo.Status;
using EventGrains.Silo.Streams;
using EventGrains.Silo.Transitions;
using Orleans.Metadata;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

/// <summary>A gateway's repeated call takes another silo's client port only if the grain's class is known to keep no order of calls.</summary>
public sealed class UnorderedTests
{
    [Theory]
    [InlineData(typeof(FileShardGrain))]
    [InlineData(typeof(TransitionLogGrain))]
    [InlineData(typeof(StatusGrain))]
    [InlineData(typeof(SourceGrain))]
    [InlineData(typeof(FileGrain))]
    [InlineData(typeof(FileListGrain))]
    [InlineData(typeof(DatasetGrain))]
    [InlineData(typeof(DatasetListGrain))]
    [InlineData(typeof(DeadLettersGrain))]
    [InlineData(typeof(ParkedDeliveriesGrain))]
    public void What_gateways_call_again_is_marked(Type grain)
    {
        var properties = new Dictionary<string, string>();
        foreach (var attribute in grain.GetCustomAttributes(inherit: true).OfType<IGrainPropertiesProviderAttribute>())
        {
            attribute.Populate(null!, grain, GrainType.Create("any"), properties);
        }

        Assert.Equal("true", properties.GetValueOrDefault(WellKnownGrainTypeProperties.Unordered));
    }
}
