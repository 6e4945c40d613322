using System.Collections.Immutable;
using CsCheck;
using EventGrains.Files;

namespace EventGrains.Tests.Files;

/// <summary>The laws on which everything stands: facts are a join, so order and repetition mean nothing.</summary>
public sealed class FileFactsLaws
{
    // Few values on purpose: ties, equal keys and equal clocks are the interesting cases.
    private static readonly Gen<DateTime> Instant = Gen.Int[0, 3].Select(i => i == 0 ? default : Says.At(i));

    private static readonly Gen<string?> Word = Gen.OneOf<string?>(null, "a", "b", "\ud800");

    private static readonly Gen<Checksum> SomeChecksum =
        Gen.Select(Gen.OneOf("adler32", "md5"), Gen.OneOf("00", "01"), (algorithm, value) => new Checksum(algorithm, value));

    private static readonly Gen<Replica> SomeReplica = Gen.Select(
        Gen.OneOf("dcache", "mirror"), Word, Word, Instant, Gen.Enum<ReplicaState>(), SomeChecksum, Gen.Int[0, 3],
        (storage, pool, path, at, state, checksum, bits) =>
            new Replica(storage, pool, path, at, state, (bits & 1) != 0 ? checksum : null, (bits & 2) != 0));

    private static readonly Gen<FileFacts> SomeFacts = Gen.Select(
        Gen.Select(Word, Word, Gen.Bool),
        Gen.Select(Gen.Enum<Existence>(), Instant),
        Gen.Select(Gen.Long[-1, 2], Instant),
        Gen.Select(Gen.Enum<PathRank>(), Instant, Word),
        SomeReplica.Array[0, 3],
        Gen.OneOf("tape:1", "tape:2", "tape:3").Array[0, 3],
        SomeChecksum.Array[0, 3],
        Instant,
        (incarnation, existence, size, path, replicas, tape, checksums, staged) => new FileFacts
        {
            Incarnation = new Incarnation(incarnation.Item1),
            DeletedThrough = incarnation.Item3 ? new Incarnation(incarnation.Item2) : null,
            Existence = new ExistenceRegister(existence.Item1, existence.Item2),
            Size = new SizeRegister(size.Item1 < 0 ? null : size.Item1, size.Item1 < 0 ? default : size.Item2),
            Path = new PathRegister(path.Item1, path.Item2, path.Item3),
            Replicas = [.. replicas.Aggregate(FileFacts.Nothing, (all, r) => FileFacts.Join(all, new FileFacts { Replicas = [r] })).Replicas],
            TapeCopies = [.. tape.Distinct().Order(StringComparer.Ordinal)],
            Checksums = [.. checksums.Distinct().Order()],
            StagedAt = staged,
        });

    [Fact]
    public void Joining_is_commutative() =>
        Gen.Select(SomeFacts, SomeFacts).Sample((a, b) => FileFacts.Join(a, b).Equals(FileFacts.Join(b, a)));

    [Fact]
    public void Joining_is_associative() =>
        Gen.Select(SomeFacts, SomeFacts, SomeFacts).Sample((a, b, c) =>
            FileFacts.Join(FileFacts.Join(a, b), c).Equals(FileFacts.Join(a, FileFacts.Join(b, c))));

    [Fact]
    public void Joining_is_idempotent_and_returns_the_very_state_when_nothing_is_new() =>
        Gen.Select(SomeFacts, SomeFacts).Sample((a, b) =>
        {
            var joined = FileFacts.Join(a, b);
            return ReferenceEquals(joined, FileFacts.Join(joined, b)) && FileFacts.Join(joined, a).Equals(joined);
        });

    [Fact]
    public void Nothing_adds_nothing() => SomeFacts.Sample(a => FileFacts.Join(FileFacts.Nothing, a).Equals(a) && FileFacts.Join(a, FileFacts.Nothing).Equals(a));

    [Fact]
    public void Bounded_sets_stay_joins_beyond_their_bounds()
    {
        var many = Gen.Int[0, 99].Select(i => new FileFacts { TapeCopies = [$"tape:{i:00}"], Checksums = [new Checksum("md5", $"{i:00}")] });

        many.Array[20, 60].Select(Gen.Int, (said, seed) => (said, seed)).Sample(c =>
        {
            var again = c.said.Concat(c.said).ToArray();
            new Random(c.seed).Shuffle(again);
            var once = Joined(c.said);

            return once.Equals(Joined(again)) && once.TapeCopies.Length <= FileFacts.TapeCopiesMax && once.Checksums.Length <= FileFacts.ChecksumsMax;
        });
    }

    [Fact]
    public void A_copy_that_was_removed_and_staged_again_is_present()
    {
        var facts = Joined([Says.PoolHas("pool-a", 0), Says.PoolEvicted("pool-a", 10), Says.Restored("pool-a", 20)]);

        Assert.Equal(ReplicaState.Present, Assert.Single(facts.Replicas).State);
        Assert.Equal(facts, Joined([Says.Restored("pool-a", 20), Says.PoolEvicted("pool-a", 10), Says.PoolHas("pool-a", 0)]));
    }

    [Fact]
    public void An_older_delete_of_an_object_key_does_not_close_what_was_put_after_it()
    {
        var put = Says.KeyPut("02", 5, 0);

        var facts = FileFacts.Join(put, Says.KeyDeleted("01"));

        Assert.Equal(Existence.Stored, FileSummary.Of(facts, []).Existence);
        Assert.Equal(Existence.Deleted, FileSummary.Of(FileFacts.Join(facts, Says.KeyDeleted("02")), []).Existence);
    }

    [Fact]
    public void What_the_namespace_says_of_a_path_beats_later_hints()
    {
        var said = new FileFacts { Path = new PathRegister(PathRank.Namespace, Says.At(0), "/renamed") };

        Assert.Equal("/renamed", Joined([said, Says.DoorStored("/old", 50)]).Path.Value);
    }

    internal static FileFacts Joined(IEnumerable<FileFacts> said) => said.Aggregate(FileFacts.Nothing, FileFacts.Join);
}
