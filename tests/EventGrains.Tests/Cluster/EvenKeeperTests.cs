using EventGrains.Contracts.Sources;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;

namespace EventGrains.Tests.Cluster;

/// <summary>Sources and readers over the silos.</summary>
public sealed class EvenKeeperTests
{
    [Theory]
    [InlineData("a3 b1", "a", "aab")]
    [InlineData("a3 b1", "b", "b")]
    [InlineData("a2 b1", "a", "aa")] // even to within one
    [InlineData("a6 b0 c0", "a", "aabcbc")]
    [InlineData("a0 b4", "a", "")]
    public void Of_its_own_a_silo_sends_away_what_is_too_much(string counts, string us, string places) =>
        Assert.Equal(places, string.Concat(EvenKeeper.PlacesOf(us, [.. counts.Split(' ').Select(c => (c[..1], c[1] - '0'))])));

    [Fact]
    public async Task Sources_are_even_over_the_silos_also_after_one_joined_and_each_answers_all_the_time()
    {
        var names = Enumerable.Range(0, 6).Select(i => $"source{i}").ToArray();
        var definitions = new Definitions { Sources = [.. names.Select(name => new SourceDefinition(name, SourceType.Http, "dcache", "dcache"))] };
        await using var silos = await Silos.Start(2, 2, definitions);

        await silos.Cluster.StartAdditionalSiloAsync();

        await silos.Wait(async () =>
        {
            await Task.WhenAll(names.Select(name => silos.Grains.GetGrain<ISourceGrain>(name).Get()));
            var places = names.Select(name => silos.Cluster.TryGetGrainContext(silos.Grains.GetGrain<ISourceGrain>(name).GetGrainId(), out var context) ? context.Address.SiloAddress : null).ToList();
            return silos.Cluster.Silos.All(silo => places.Count(place => silo.SiloAddress.Equals(place)) == 2);
        });
    }
}
