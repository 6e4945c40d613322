using System.Collections.Immutable;
using EventGrains.Contracts.Status;
using EventGrains.Silo.Status;

namespace EventGrains.Tests.Cluster;

/// <summary>What is unhealthy anywhere is seen whichever silo is asked.</summary>
public sealed class SiloLookTests
{
    private static readonly Trouble Store = new("store", "the database is away", "bring it back");
    private static readonly Trouble Source = new("source pools", "no such directory", "make it");

    [Fact]
    public void What_all_silos_have_is_said_once() =>
        Assert.Equal([Store], SiloLook.Join([("a", Look(Store)), ("b", Look(Store))]));

    [Fact]
    public void What_one_silo_has_says_which() =>
        Assert.Equal([Source with { Why = "no such directory (on b)" }], SiloLook.Join([("a", Look()), ("b", Look(Source))]));

    [Fact]
    public void With_one_silo_nobody_need_be_named() => Assert.Equal([Source], SiloLook.Join([("a", Look(Source))]));

    [Fact]
    public void The_store_comes_first_and_a_silo_that_says_nothing_last()
    {
        var troubles = SiloLook.Join([("a", Look(Source)), ("b", Look(Store, Source)), ("c", null)]).Select(t => t.What);

        Assert.Equal(["store", "source pools", "silo c"], troubles);
    }

    private static SiloLook Look(params Trouble[] troubles) => new([.. troubles], ImmutableDictionary<string, long>.Empty);
}
