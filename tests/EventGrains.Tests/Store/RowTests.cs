using CsCheck;
using EventGrains.Files;
using EventGrains.Silo.Store.Rows;

namespace EventGrains.Tests.Store;

public sealed class RowTests
{
    private static readonly Gen<DateTime> When = Gen.OneOf(
        Gen.Const(default(DateTime)),
        Gen.Const(DateTime.MaxValue),
        Gen.Long[0, 1_000_000].Select(ms => Sample.Noon.AddMilliseconds(ms - 500_000)),
        Gen.Long[1, DateTime.MaxValue.Ticks].Select(ticks => new DateTime(ticks, DateTimeKind.Utc)));

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    /// <summary>Any UTF-16, lone surrogates and NUL included; and what packs tighter.</summary>
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String,
        Gen.Char.Array[0, 40].Select(c => new string(c)),
        OneOf("", "0000A1B2C3D4E5F60718293A4B5C6D7E8F90", "0a1b2c3d", "0A1b2C3d", "12345678", "1234567", "ABCDEFG0", "/a/\ud800", "\0\0", new string('x', 500)));

    private static readonly Gen<Incarnation> AnyIncarnation = Gen.Null(Text).Select(t => new Incarnation(t));

    private static readonly Gen<Checksum> AnyChecksum = Gen.Select(Gen.OneOf(OneOf("adler32", "md5", "sha256"), Text), Text).Select((a, v) => new Checksum(a, v));

    private static readonly Gen<Replica> AnyReplica =
        Gen.Select(Gen.OneOf(Gen.Const("dcache"), Text), Gen.Null(Text), Gen.Null(Text), When, Gen.Enum<ReplicaState>(), Gen.Nullable(AnyChecksum), Gen.Bool)
            .Select((storage, pool, path, at, state, sum, evicted) => new Replica(storage, pool, path, at, state, sum, evicted));

    private static readonly Gen<FileFacts> Facts =
        Gen.Select(
            Gen.Select(AnyIncarnation, Gen.Enum<Existence>(), When, Gen.Nullable(Gen.Long), When),
            Gen.Select(AnyReplica.Array[0, 4], Text.Array[0, 3], AnyChecksum.Array[0, 3], When),
            Gen.Select(Gen.Enum<PathRank>(), When, Gen.Null(Text), Gen.Nullable(AnyIncarnation)))
        .Select((first, second, third) => new FileFacts
        {
            Incarnation = first.Item1,
            Existence = new ExistenceRegister(first.Item2, first.Item3),
            Size = new SizeRegister(first.Item4, first.Item5),
            Replicas = [.. second.Item1],
            TapeCopies = [.. second.Item2],
            Checksums = [.. second.Item3],
            StagedAt = second.Item4,
            Path = new PathRegister(third.Item1, third.Item2, third.Item3),
            DeletedThrough = third.Item4,
        });

    private static readonly Gen<Step> AnyStep =
        Gen.Select(Gen.Select(Text, Text, Gen.Int[0, 100], AnyIncarnation), Gen.Select(Text, Gen.Enum<StepState>(), Gen.Int[0, 1000], When), Gen.Select(Gen.Null(Text), When, Gen.Null(Text), Gen.Int[0, 9]))
            .Select((key, work, rest) => new Step
            {
                Key = new StepKey(key.Item1, key.Item2, key.Item3, key.Item4),
                Action = work.Item1,
                State = work.Item2,
                Attempts = work.Item3,
                DueAt = work.Item4,
                Error = rest.Item1,
                At = rest.Item2,
                Target = rest.Item3,
                AttemptsForgiven = rest.Item4,
            });

    private static readonly Gen<FileState> File =
        Gen.Select(Gen.Long[0, long.MaxValue], Text, Text, Facts, Gen.Int[0, int.MaxValue], AnyStep.Array[0, 3], Text.Array[0, 3], When)
            .Select((number, storage, native, facts, version, steps, datasets, at) => new FileState
            {
                Number = number,
                Id = new FileId(storage, native),
                Facts = facts,
                Version = version,
                Steps = [.. steps],
                Datasets = [.. datasets],
                UpdatedAt = at,
            });

    [Fact]
    public void Any_state_is_read_back_as_it_was_written() => File.Sample(file =>
    {
        var row = new RowWriter();
        FileEncoding.Write(row, file);

        var read = FileEncoding.Read(row.Written, file.Number);

        Assert.Equal(file.Facts, read.Facts);
        Assert.Equal(file.Steps, read.Steps);
        Assert.Equal(file.Datasets, read.Datasets);
        Assert.Equal(file with { Facts = read.Facts, Steps = read.Steps, Datasets = read.Datasets }, read);
        Assert.True(read.UpdatedAt == default || read.UpdatedAt.Kind == DateTimeKind.Utc);
    });

    [Fact]
    public void Any_transition_is_read_back_as_it_was_written() =>
        Gen.Select(File, Gen.Null(Text), Gen.Nullable(Gen.Long), Gen.Null(Text), Gen.Select(Gen.Nullable(Gen.Enum<StepState>()), Gen.Long[0, long.MaxValue])).Sample((file, partition, position, rule, last) =>
        {
            var (state, sequence) = last;
            var written = Sample.TransitionOf(file) with { Cause = new Cause("s", partition, position, "t"), Rule = rule, Step = rule, StepState = state };
            var row = new RowWriter();
            TransitionEncoding.Write(row, written, file.Number, sequence);

            var read = TransitionEncoding.Read(row.Written);

            Assert.Equal(new TransitionSubject(file.Number, file.Version, sequence), TransitionEncoding.ReadSubject(row.Written));
            Assert.Equal(written.Changes, read.Changes);
            Assert.Equal(written.Datasets, read.Datasets);
            Assert.Equal(written with { Changes = read.Changes, Datasets = read.Datasets }, read);
        });

    [Fact]
    public void A_transition_written_before_sequences_were_counted_has_none()
    {
        var written = Sample.TransitionOf(Sample.New(Sample.IdIn(2), 2L << 48, "/a"));
        var row = new RowWriter();
        TransitionEncoding.Write(row, written, 2L << 48);
        var bytes = row.Written.ToArray().ToList();
        bytes[0] = 1;
        bytes.RemoveAt(1 + 8 + 1); // the format, the number's eight bytes, the version; then the sequence

        Assert.Equal(written.Path, TransitionEncoding.Read(bytes.ToArray(), out var subject).Path);
        Assert.Equal(new TransitionSubject(2L << 48, 1, 0), subject);
    }

    [Fact]
    public void Texts_in_keys_sort_as_their_bytes_and_are_read_back() => Gen.Select(Text, Text).Sample((a, b) =>
    {
        var (first, second) = (new RowWriter(), new RowWriter());
        first.EndedText(a);
        second.EndedText(b);
        var (rawA, rawB) = (new RowWriter(), new RowWriter());
        rawA.RawText(a);
        rawB.RawText(b);

        Assert.Equal(Math.Sign(rawA.Written.SequenceCompareTo(rawB.Written)), Math.Sign(first.Written.SequenceCompareTo(second.Written)));
        Assert.Equal(a == b, first.Written.StartsWith(second.Written));
        first.Byte(7);
        var reader = new RowReader(first.Written);
        Assert.Equal(a, reader.EndedText());
        Assert.Equal(7, reader.Byte());
        Assert.Equal(a, new RowReader(rawA.Written).RawText());
    });

    [Fact]
    public void A_row_of_a_newer_format_says_so()
    {
        var row = new RowWriter();
        FileEncoding.Write(row, Sample.New(new FileId("s", "n"), 1));
        var newer = row.Written.ToArray();
        newer[0] = 9;

        Assert.Contains("format 9", Assert.Throws<InvalidDataException>(() => FileEncoding.Read(newer, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_was_cut_short_is_never_read_as_a_shorter_one() => File.Sample(file =>
    {
        var row = new RowWriter();
        FileEncoding.Write(row, file);
        var bytes = row.Written.ToArray();
        for (var length = 0; length < bytes.Length; length += 1 + (bytes.Length / 20))
        {
            Assert.Throws<InvalidDataException>(() => FileEncoding.Read(bytes.AsSpan(0, length), 1));
        }
    });

    [Fact]
    public void A_usual_state_takes_less_than_170_bytes()
    {
        var file = Sample.New(new FileId("dcache", "0000A1B2C3D4E5F60718293A4B5C6D7E8F90"), 1, "/pnfs/site/experiment/run-0042/raw/file-000001.h5", 1_234_567_890, "run-0042");
        file = file with
        {
            Facts = FileFacts.Join(file.Facts, new FileFacts
            {
                Existence = new ExistenceRegister(Existence.Stored),
                Replicas = [new Replica("dcache", "pool-17", null, Sample.Noon.AddMilliseconds(1234), ReplicaState.Present)],
                Checksums = [new Checksum("adler32", "0a1b2c3d")],
            }),
        };
        var row = new RowWriter();

        FileEncoding.Write(row, file);

        Assert.InRange(row.Length, 80, 170);
    }
}
