using System.Reflection;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Store;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using Orleans.Storage;

namespace EventGrains.Tests.Cluster;

/// <summary>What Orleans' ADO.NET providers find in the database is what they ask for.</summary>
public sealed class ClusterSchemaTests
{
    private static readonly string[] Storage = ["WriteToStorageKey", "ReadFromStorageKey", "ClearStorageKey"];

    [Fact]
    public void Every_query_that_Orleans_asks_for_is_there_once()
    {
        var (tables, queries) = ClusterSchema.Parts(ClusterSchema.Script());

        // Found by name in its assembly, since it is not public: a new version may ask for more.
        var asked = typeof(AdoNetClusteringTable).Assembly.GetType("Orleans.Clustering.AdoNet.Storage.DbStoredQueries")!
            .GetProperties(BindingFlags.Instance | BindingFlags.NonPublic).Select(p => p.Name).Where(n => n.EndsWith("Key", StringComparison.Ordinal));
        Assert.Empty(asked.Concat(Storage).Except(queries.Select(q => q.Key)));
        Assert.Equal(queries.Count, queries.DistinctBy(q => q.Key).Count());
        Assert.All(queries, q => Assert.DoesNotContain("--", q.Text, StringComparison.Ordinal));
        Assert.Contains("CREATE TABLE IF NOT EXISTS OrleansQuery", tables, StringComparison.Ordinal);
    }

    // Orleans' storage knows no grain types: two states of one name and key would be one row.
    [Fact]
    public void Every_kept_state_has_a_name_of_its_own()
    {
        var names = typeof(IStore).Assembly.GetTypes()
            .SelectMany(type => type.GetConstructors().SelectMany(c => c.GetParameters()))
            .Select(p => p.GetCustomAttribute<PersistentStateAttribute>()?.StateName).OfType<string>().ToList();

        Assert.NotEmpty(names);
        Assert.Equal(names.Distinct(), names);
    }
}
