using System.Text.Json;
using System.Text.Json.Nodes;
using EventGrains.Tests.Samples;

namespace EventGrains.Tests.Events;

public sealed class EnvelopeTests
{
    private const string Notification =
        """{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-03-04T09:15:02.481Z","s3":{"bucket":{"name":"b"},"object":{"key":"k+1","size":3,"sequencer":"0A"}}}]}""";

    private const string CloudEvent =
        """{"specversion":"1.0","id":"1","source":"s","type":"org.eventgrains.file.stored","time":"2026-03-04T09:15:02Z","data":{"id":"f","size":3}}""";

    public static TheoryData<string, string> Records => new()
    {
        { "dcache", SampleRecords.Lines("s2")[0] },
        { "s3", Notification },
        { "cloudevents", CloudEvent },
    };

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_says_the_same_in_an_envelope_as_an_object_or_as_a_string(string format, string record)
    {
        var bare = Reading.Of(format, record);
        Assert.Single(bare.Events);
        var text = JsonSerializer.Serialize(record);
        string[] envelopes =
        [
            $"{{\"topic\":\"billing\",\"partition\":0,\"offset\":5,\"key\":null,\"payload\":{text}}}",
            $"{{\"topic\":\"billing\",\"value\":{text}}}",
            $"{{\"value\":{record},\"timestamp\":1}}",
            $"{{\"payload\":{record}}}",
            $"{{\"payload\":null,\"value\":{record}}}",
        ];

        foreach (var envelope in envelopes)
        {
            var opened = Reading.Of(format, envelope);

            Assert.Equal(bare.Decoded, opened.Decoded);
            Assert.Equal(bare.Events, opened.Events);
        }
    }

    [Theory]
    [MemberData(nameof(Records))]
    public void An_envelope_in_an_envelope_is_not_opened(string format, string record)
    {
        var twice = new JsonObject { ["value"] = new JsonObject { ["value"] = JsonNode.Parse(record) } };

        Assert.NotNull(Reading.Of(format, twice.ToJsonString()).Decoded.Rejection);
    }

    [Theory]
    [InlineData("dcache", "msgType")]
    [InlineData("s3", "Records")]
    [InlineData("cloudevents", "specversion")]
    public void An_object_that_is_neither_record_nor_envelope_is_rejected_for_what_every_record_has(string format, string field)
    {
        Reading.Of(format, """{"payload":7,"value":null}""").IsRejectedFor(field, "missing");
        Reading.Of(format, "{}").IsRejectedFor(field, "missing");
        Reading.Of(format, """{"value":"{\"a\":1}"}""").IsRejectedFor(field, "missing");
    }

    [Theory]
    [InlineData("dcache")]
    [InlineData("s3")]
    [InlineData("cloudevents")]
    public void An_envelope_with_a_torn_record_is_rejected(string format) =>
        Reading.Of(format, """{"value":"{\"a\":"}""").IsRejectedFor("record", "after byte");
}
