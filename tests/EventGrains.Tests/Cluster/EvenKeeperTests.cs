using System.Collections.Immutable;
using System.Net;
using EventGrains.Contracts;
using EventGrains.Contracts.Sources;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

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

    /// <remarks>A silo that stops gives its shards away first, and has few sources by then: it would be sent what it has to send back.</remarks>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_silo_that_has_just_given_its_shards_away_is_sent_nothing(bool isLeaving)
    {
        var (me, other) = (SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_001), 1), SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11_002), 1));
        var time = new FakeTimeProvider();
        var map = new ShardMap(new ClusterShape(4), time);
        if (isLeaving)
        {
            map.Heard(0, other, 1);
            map.Heard(0, me, 2);
        }

        var snapshot = new ClusterMembershipSnapshot(
            new[] { me, other }.ToImmutableDictionary(s => s, s => new ClusterMember(s, SiloStatus.Active, $"{s}")), new MembershipVersion(1));
        var membership = Fake.Of<IClusterMembershipService>((_, _) => snapshot);
        var asked = 0;
        var management = Fake.Of<IManagementGrain>((_, _) =>
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult(Array.Empty<SimpleGrainStatistic>());
        });
        var see = new SilosThatSee(Definitions.Empty, membership, Fake.Of<ILocalSiloDetails>((_, _) => me));
        using var keeper = new EvenKeeper(Fake.Of<IGrainFactory>((_, _) => management), map, see, membership, time, NullLogger<EvenKeeper>.Instance);
        var moved = 0;
        foreach (var name in new[] { "a", "b" })
        {
            keeper.Here(
                Fake.Of<IGrainContext>((method, _) => method.Name switch
                {
                    "get_GrainId" => GrainId.Create("source", name),
                    nameof(IGrainContext.Migrate) => Interlocked.Increment(ref moved),
                    _ => false,
                }),
                typeof(Silo.Sources.SourceGrain));
        }

        var lifecycle = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        keeper.Participate(lifecycle);
        await lifecycle.OnStart(TestContext.Current.CancellationToken);
        await Eventually.Is(() => asked > 1 || Passes(time), () => "nobody looked");
        await lifecycle.OnStop(TestContext.Current.CancellationToken);

        Assert.Equal(isLeaving, moved == 0);
    }

    private static bool Passes(FakeTimeProvider time)
    {
        time.Advance(EvenKeeper.LookEvery);
        return false;
    }

    private static string[] PlacesOf(string us, string counts, string seeing) =>
        EvenKeeper.PlacesOf(us, [.. counts.Split(' ').Select(c => (c[..1], c[1] - '0'))], [.. seeing.Select(silo => silo.ToString())]);
}
