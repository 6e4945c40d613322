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
        Assert.Equal(places, string.Concat(PlacesOf(us, counts, string.Concat(counts.Split(' ').Select(c => c[..1])))));

    [Theory]
    [InlineData("a3 b1 c0", "a", "bc", "cbc")] // it sees none of its own: all go, evenly
    [InlineData("a1 b4 c0", "b", "bc", "bbbc")] // what a has in the wrong place counts too
    [InlineData("a0 b4 c0", "b", "b", "bbbb")] // whatever the others have
    [InlineData("a0 b2 c0", "a", "bc", "")]
    [InlineData("a2 b0", "a", "", "aa")] // nobody there sees it: nothing is gained by moving
    public void What_only_some_silos_see_is_even_over_these(string counts, string us, string seeing, string places) =>
        Assert.Equal(places, string.Concat(PlacesOf(us, counts, seeing)));

    [Theory]
    [InlineData("b c", "a", "a b d", true, "silo a does not see what it reads, and b does")]
    [InlineData("b c", "a", "a d", false, "none of the silos that see what it reads is there: 'silos' names b, c, and there are a, d")]
    [InlineData("b", "a", "a", false, "none of the silos that see what it reads is there: 'silos' names b, and there is a")]
    public void What_waits_for_a_silo_says_for_which_and_who_is_there(string named, string here, string there, bool isThere, string why)
    {
        var missing = SilosThatSee.Missing(SiloNames.Of(named.Split(' ')), here, there.Split(' '));

        Assert.Equal((why, isThere), (missing.Complaint.Why, missing.IsThere));
    }

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

    private static string[] PlacesOf(string us, string counts, string seeing) =>
        EvenKeeper.PlacesOf(us, [.. counts.Split(' ').Select(c => (c[..1], c[1] - '0'))], [.. seeing.Select(silo => silo.ToString())]);
}
