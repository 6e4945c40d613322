using CsCheck;
using EventGrains.Silo.Cluster;

namespace EventGrains.Tests.Cluster;

/// <summary>Which silo each shard belongs to: even, and with as few moves as that allows.</summary>
public sealed class SpreadTests
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f", "g"];

    // Holders are letters; a dot is nobody, and a letter that is no silo has gone.
    private static readonly Gen<(string?[] Holders, string[] Silos)> Any = Gen.Select(
        Gen.Int[0, Names.Length].Select(n => n == 0 ? null : Names[n - 1]).Array[0, 70],
        Gen.Int[1, 6].Select(n => Names[..n]));

    [Theory]
    [InlineData("....", "a", "aaaa")]
    [InlineData("......", "abc", "abcabc")]
    [InlineData("aaaa", "ab", "aabb")] // a joins b: half of it moves
    [InlineData("aabb", "abc", "aabc")] // nobody gives more than it must
    [InlineData("aaabbb", "abc", "aacbbc")]
    [InlineData("aabbcc", "ac", "aaaccc")] // b left: only its own go elsewhere
    [InlineData("abab", "ab", "abab")] // at rest
    [InlineData("aabbb", "ab", "aabbb")] // who has one more keeps it
    [InlineData("xxxx", "ab", "abab")] // all are gone
    [InlineData("", "ab", "")]
    public void A_place_belongs_to(string holders, string silos, string expected) =>
        Assert.Equal(expected, string.Concat(Spread.Of([.. holders.Select(h => h == '.' ? null : h.ToString())], [.. silos.Select(s => s.ToString())])));

    [Fact]
    public void It_is_even_to_within_one_whatever_was_before() => Any.Sample(c =>
    {
        var counts = Counts(Spread.Of(c.Holders, c.Silos), c.Silos);

        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    });

    [Fact]
    public void What_is_even_stays_as_it_is() => Any.Sample(c =>
    {
        var even = Spread.Of(c.Holders, c.Silos);

        Assert.Equal(even, Spread.Of(even, c.Silos));
    });

    [Fact]
    public void A_silo_that_joins_gets_its_share_and_nothing_else_moves() => Any.Sample(c =>
    {
        var before = Spread.Of(c.Holders, c.Silos);
        var after = Spread.Of(before, [.. c.Silos, "new"]);

        Assert.All(before.Zip(after), place => Assert.True(place.First == place.Second || place.Second == "new"));
        Assert.Equal(before.Length / (c.Silos.Length + 1), after.Count(silo => silo == "new"));
    });

    [Fact]
    public void Of_a_silo_that_left_only_its_own_places_move() => Any.Sample(c =>
    {
        var before = Spread.Of(c.Holders, [.. c.Silos, "old"]);
        var after = Spread.Of(before, c.Silos);

        Assert.All(before.Zip(after), place => Assert.True(place.First == place.Second || place.First == "old"));
    });

    [Fact]
    public void No_even_spread_moves_fewer() => Any.Sample(c =>
    {
        var moved = c.Holders.Zip(Spread.Of(c.Holders, c.Silos)).Count(p => c.Silos.Contains(p.First) && p.First != p.Second);

        // Whatever the spread, a silo keeps no more than its share, and only so many silos have one more.
        var (share, more) = Math.DivRem(c.Holders.Length, c.Silos.Length);
        var counts = Counts(c.Holders, c.Silos);
        var least = counts.Sum(n => Math.Max(0, n - share)) - Math.Min(more, counts.Count(n => n > share));
        Assert.Equal(least, moved);
    });

    private static int[] Counts(IEnumerable<string?> places, string[] silos) => [.. silos.Select(silo => places.Count(place => place == silo))];
}
