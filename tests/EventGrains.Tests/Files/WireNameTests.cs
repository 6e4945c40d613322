using CsCheck;
using EventGrains.Contracts.Shards;
using EventGrains.Contracts.Sources;
using EventGrains.Files;
using EventGrains.Tests.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace EventGrains.Tests.Files;

/// <summary>Names are bytes: one that is no UTF-8 is the same name on every silo.</summary>
public sealed class WireNameTests
{
    private const string Broken = "/in/a\uD800b\uDC00\uFDD0\uD83D\uDE00\0.dat";

    // Few characters on purpose: halves of pairs beside each other, the mark, and digits that could be taken for its.
    private static readonly Gen<string> Name = Gen.Int[0, 6].Select(i => "a0\uD800\uDC00\uFDD0D\uFFFD"[i]).Array[0, 12].Select(c => new string(c));

    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    [Fact]
    public void Any_name_comes_back_and_is_good_text_on_the_way() => Name.Sample(name =>
    {
        var wire = WireName.Encode(name)!;

        Assert.DoesNotContain(wire.EnumerateRunes(), rune => rune == System.Text.Rune.ReplacementChar && !name.Contains('\uFFFD', StringComparison.Ordinal));
        Assert.Equal(name, WireName.Decode(wire));
        Assert.Equal(name, Crossed((WireName)name).Value);
    });

    [Fact]
    public void A_usual_name_is_not_copied()
    {
        var name = new string("/in/run42.h5");

        Assert.Same(name, WireName.Encode(name));
        Assert.Same(name, WireName.Decode(name));
    }

    [Fact]
    public void All_that_carries_names_carries_broken_ones()
    {
        var file = new FileId("watched", "1-2-3");
        var replica = new Replica("mirror", null, Broken, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), ReplicaState.Present);
        var facts = new FileFacts { Path = new PathRegister(PathRank.Namespace, replica.SaidAt, Broken), Replicas = [replica] };
        var alias = new CopyAlias("mirror", Broken, file, default, null);
        var sights = new LogSights([new LogSighting(Broken, 1, 2, 3, 4, 5)], []);

        Assert.Equal(facts, Crossed(facts));
        Assert.Equal(Broken, Crossed(facts).Path.Value);
        Assert.Equal(Broken, Assert.Single(Crossed(facts).Replicas).Path);
        Assert.Equal(alias, Crossed(alias));
        Assert.Equal(Broken, Crossed(alias).Path);
        Assert.Equal(Broken, Assert.Single(Crossed(sights).Now).Name);
        Assert.Equal(Broken, Crossed(Sample.TransitionOf(Sample.New(file, 1)) with { Path = Broken }).Path);
    }

    private static T Crossed<T>(T sent) => Serializer.Deserialize<T>(Serializer.SerializeToArray(sent))!;
}
