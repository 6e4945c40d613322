using System.Text;
using CsCheck;
using EventGrains.Events;
using EventGrains.Files;
using EventGrains.Tests.Samples;

namespace EventGrains.Tests.Events;

public sealed class DecoderFuzzTests
{
    private static readonly string[] Others =
    [
        """{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-03-04T09:15:02Z","s3":{"bucket":{"name":"b"},"object":{"key":"k%20+1","size":3,"eTag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"0A"}}}]}""",
        """{"detail-type":"Object Deleted","source":"aws.s3","time":"2026-03-04T09:15:02Z","detail":{"bucket":{"name":"b"},"object":{"key":"k","sequencer":"0A"}}}""",
        """{"specversion":"1.0","id":"1","source":"s","type":"org.eventgrains.file.stored","time":"2026-03-04T09:15:02Z","data":{"id":"f","path":"/f","size":3,"checksums":{"md5":"0a"},"incarnation":"1"}}""",
        """{"specversion":"1.0","id":"1","source":"s","type":"org.eventgrains.replica.present","time":"2026-03-04T09:15:02Z","data_base64":"eyJpZCI6ImYifQ==","subject":"f"}""",
        """{"topic":"billing","payload":"{\"msgType\":\"request\",\"pnfsid\":\"00A1\",\"date\":\"2026-03-04T09:15:02Z\",\"status\":{\"code\":0},\"billingPath\":\"\/a\\u0000b\"}"}""",
    ];

    private static readonly byte[][] Whole = [.. SampleRecords.All.Concat(Others).Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Splinters =
    [
        .. new[] { "\"", "\\", "\\ud800", "\\u0000", "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "true", "\0", "/", "9999999999999999999", "\"value\":", "%" }
            .Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF],
    ];

    private static readonly UTF8Encoding Strict = new(false, true);

    [Fact]
    public void Every_truncation_of_every_sample_is_rejected_and_adds_nothing()
    {
        foreach (var record in Whole)
        {
            for (var length = 0; length < record.Length; length++)
            {
                foreach (var format in EventDecoders.Formats)
                {
                    Reading.Of(format, record[..length]).IsRejectedFor("record");
                }
            }
        }
    }

    [Fact]
    public void No_mutation_of_a_sample_makes_a_decoder_throw_or_lets_a_name_through_that_no_store_could_keep() =>
        Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Select(Gen.Double[0, 1], Gen.Int[0, Splinters.Length - 1], Gen.Int[0, 3]).Array[1, 4]).Sample(
            (sample, wounds) =>
            {
                var record = wounds.Aggregate(Whole[sample], (bytes, wound) => Wounded(bytes, wound.Item1, Splinters[wound.Item2], wound.Item3));
                foreach (var format in EventDecoders.Formats)
                {
                    var reading = Reading.Of(format, record);

                    Assert.False(string.IsNullOrEmpty(reading.Decoded.Type));
                    Assert.True(reading.Decoded.Rejection is null || reading.Events.Count == 0);
                    Assert.All(reading.Events, CanBeKept);
                }
            },
            iter: 20_000);

    private static byte[] Wounded(byte[] bytes, double place, byte[] splinter, int cut)
    {
        var at = (int)(place * bytes.Length);
        return [.. bytes[..at], .. splinter, .. bytes[Math.Min(bytes.Length, at + cut)..]];
    }

    private static void CanBeKept(StorageEvent said)
    {
        Assert.True(FileId.TryParse(said.File.ToString(), out var id) && id == said.File);
        var says = said.Says;
        string?[] names =
        [
            said.File.Native, said.Type, says.Path.Value, says.Incarnation.Value, says.DeletedThrough?.Value,
            .. says.TapeCopies, .. says.Replicas.SelectMany(r => new[] { r.Storage, r.Pool, r.Path }), .. says.Checksums.Select(c => c.ToString()),
        ];
        Assert.All(names, name => Assert.Equal(name, name is null ? null : Strict.GetString(Strict.GetBytes(name))));
        Assert.True(says.Size.Bytes is null or >= 0);
        Assert.True(says.Path.Value is null || says.Path.Value[0] == '/');
        Assert.All(says.Replicas, replica => Assert.True(replica.SaidAt <= Reading.Context.DateMax && replica.SaidAt.Kind == DateTimeKind.Utc));
    }
}
