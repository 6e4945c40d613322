using System.Text;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Tests.Events;

public sealed class CloudEventsDecoderTests
{
    private static readonly DateTime At = Reading.At("2026-03-04T09:15:02.481Z");

    [Fact]
    public void Stored_without_an_incarnation_is_ordered_by_the_event_s_time()
    {
        var reading = Reading.Of("cloudevents", Event("file.stored", """{"id":"17-4","path":"/runs/a.h5","size":3,"checksums":{"MD5":"AB","adler32":"0a1b2c3d"}}"""));

        Assert.Equal(new Decoded("org.eventgrains.file.stored"), reading.Decoded);
        Assert.Equal(new FileId("site", "17-4"), Assert.Single(reading.Events).File);
        Assert.Equal(
            new FileFacts
            {
                Existence = new ExistenceRegister(Existence.Stored, At),
                Size = new SizeRegister(3, At),
                Checksums = [new Checksum("adler32", "0a1b2c3d"), new Checksum("md5", "ab")],
                Path = new PathRegister(PathRank.Namespace, At, "/runs/a.h5"),
                Replicas = [Reading.Copy(null, "2026-03-04T09:15:02.481Z")],
            },
            reading.Says);
    }

    [Fact]
    public void Stored_with_an_incarnation_is_ordered_by_it() =>
        Assert.Equal(
            new FileFacts
            {
                Incarnation = new Incarnation("0002"),
                Existence = new ExistenceRegister(Existence.Stored),
                Size = new SizeRegister(3),
                Replicas = [Reading.Copy("pool-a", "2026-03-04T09:15:02.481Z")],
            },
            Reading.Of("cloudevents", Event("file.stored", """{"id":"f","size":3,"incarnation":"0002","pool":"pool-a"}""")).Says);

    [Fact]
    public void Deleted_closes_an_incarnation_or_is_ordered_by_time()
    {
        Assert.Equal(
            new FileFacts { DeletedThrough = new Incarnation("0002") },
            Reading.Of("cloudevents", Event("file.deleted", """{"id":"f","incarnation":"0002"}""")).Says);
        Assert.Equal(
            new FileFacts
            {
                Existence = new ExistenceRegister(Existence.Deleted, At),
                Replicas = [Reading.Copy(null, "2026-03-04T09:15:02.481Z", ReplicaState.Removed)],
            },
            Reading.Of("cloudevents", Event("file.deleted", """{"id":"f"}""")).Says);
    }

    [Fact]
    public void Located_says_the_path_alone() =>
        Assert.Equal(
            new FileFacts { Path = new PathRegister(PathRank.Namespace, At, "/runs/b.h5") },
            Reading.Of("cloudevents", Event("file.located", """{"id":"f","path":"/runs/b.h5","size":9}""")).Says);

    [Theory]
    [InlineData("replica.present", ReplicaState.Present)]
    [InlineData("replica.removed", ReplicaState.Removed)]
    public void A_replica_is_a_statement_about_one_copy_in_the_storage_that_it_names(string type, ReplicaState state)
    {
        var elsewhere = Reading.Of("cloudevents", Event(type, """{"id":"f","storage":"mirror","path":"/copies/f","checksums":{"adler32":"0A"},"incarnation":"7"}""")).Says;
        var here = Reading.Of("cloudevents", Event(type, """{"id":"f","pool":"pool-a","path":"/runs/f"}""")).Says;

        Assert.Equal(
            new FileFacts { Incarnation = new Incarnation("7"), Replicas = [new Replica("mirror", null, "/copies/f", At, state, new Checksum("adler32", "0a"))] },
            elsewhere);
        Assert.Equal(new FileFacts { Replicas = [Reading.Copy("pool-a", "2026-03-04T09:15:02.481Z", state)] }, here);
    }

    [Fact]
    public void The_subject_names_the_file_when_the_data_does_not()
    {
        var record = """{"specversion":"1.0","id":"1","source":"s","type":"org.eventgrains.file.deleted","time":"2026-03-04T09:15:02Z","subject":"f-1"}""";

        Assert.Equal("f-1", Assert.Single(Reading.Of("cloudevents", record).Events).File.Native);
    }

    [Fact]
    public void Data_may_come_as_base64()
    {
        var data = """{"id":"f","size":3}""";
        var record = Event("file.stored", "null").Replace("\"data\":null", $"\"data_base64\":\"{Convert.ToBase64String(Encoding.UTF8.GetBytes(data))}\"", StringComparison.Ordinal);

        Assert.Equal(Reading.Of("cloudevents", Event("file.stored", data)).Events, Reading.Of("cloudevents", record).Events);
    }

    [Fact]
    public void Binary_mode_says_the_same_as_structured_mode()
    {
        const string Data = """{"id":"f","path":"/a \"b\" é","size":3}""";

        var binary = Binary(Data, ("type", "org.eventgrains.file.stored"), ("time", "2026-03-04T09:15:02.481Z"), ("datacontenttype", "application/json"));

        Assert.Equal(Reading.Of("cloudevents", Event("file.stored", Data)).Events, binary.Events);
    }

    [Fact]
    public void Binary_mode_takes_any_body_of_other_types_and_refuses_one_of_ours_that_is_no_JSON()
    {
        Binary("\u0001 no JSON", ("type", "com.example.picture"), ("data", "x"), ("odd", "\ud800")).HasNoEffect("com.example.picture");
        Binary("{", ("type", "org.eventgrains.file.stored"), ("time", "2026-03-04T09:15:02Z")).IsRejectedFor("data", "not base64 of a JSON object");
        Assert.Single(Binary("", ("type", "org.eventgrains.file.deleted"), ("time", "2026-03-04T09:15:02Z"), ("subject", "f")).Events);
    }

    [Fact]
    public void An_S3_event_in_a_CloudEvent_is_read_as_the_notification_that_it_holds()
    {
        var record = """
            {"specversion":"1.0","id":"1","source":"aws:s3.eu.b","type":"com.amazonaws.s3.ObjectCreated:Put","time":"2026-03-04T09:15:02Z","subject":"a+b",
             "data":{"eventName":"ObjectCreated:Put","eventTime":"2026-03-04T09:15:02Z","s3":{"bucket":{"name":"b"},"object":{"key":"a+b","size":1,"sequencer":"1"}}}}
            """;

        var reading = Reading.Of("cloudevents", record);

        Assert.Equal("com.amazonaws.s3.ObjectCreated:Put", reading.Decoded.Type);
        Assert.Equal("b/a b", Assert.Single(reading.Events).File.Native);
        Reading.Of("cloudevents", record.Replace("\"size\":1", "\"size\":-1", StringComparison.Ordinal)).IsRejectedFor("data.s3.object.size");
        Reading.Of("cloudevents", record.Replace("\"data\":", "\"date\":", StringComparison.Ordinal)).IsRejectedFor("data.eventName");
    }

    [Theory]
    [InlineData("com.example.anything")]
    [InlineData("org.eventgrains.file.imagined")]
    public void Other_types_are_accepted_without_effect(string type) =>
        Reading.Of("cloudevents", $$"""{"specversion":"1.0","id":"1","source":"s","type":"{{type}}","time":"whenever","data":[1]}""").HasNoEffect(type);

    [Theory]
    [InlineData("""{"specversion":"0.3","id":"1","source":"s","type":"t"}""", "specversion")]
    [InlineData("""{"specversion":1.0,"id":"1","source":"s","type":"t"}""", "specversion")]
    [InlineData("""{"specversion":"1.0","source":"s","type":"t"}""", "id")]
    [InlineData("""{"specversion":"1.0","id":"","source":"s","type":"t"}""", "id")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t"}""", "source")]
    [InlineData("""{"specversion":"1.0","id":"1","source":7,"type":"t"}""", "source")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"s"}""", "type")]
    public void What_CloudEvents_requires_is_required(string record, string field) => Reading.Of("cloudevents", record).IsRejectedFor(field);

    [Theory]
    [InlineData("file.stored", """{"id":"/runs/a"}""", "data.id", "names a path")]
    [InlineData("file.stored", """{"id":""}""", "data.id", "missing or empty")]
    [InlineData("file.stored", "null", "data.id", "missing or empty")]
    [InlineData("file.stored", """{"id":5}""", "data.id", "not a text")]
    [InlineData("file.stored", """{"id":"\ud800"}""", "data.id", "not valid Unicode")]
    [InlineData("file.stored", "\"{}\"", "data", "not an object")]
    [InlineData("file.stored", "[]", "data", "not an object")]
    [InlineData("file.stored", """{"id":"f","size":-1}""", "data.size", "below zero")]
    [InlineData("file.stored", """{"id":"f","path":"runs/a"}""", "data.path", "not a file's path")]
    [InlineData("file.stored", """{"id":"f","path":"/runs/"}""", "data.path", "not a file's path")]
    [InlineData("file.stored", """{"id":"f","incarnation":7}""", "data.incarnation", "not a text")]
    [InlineData("file.stored", """{"id":"f","incarnation":""}""", "data.incarnation", "empty")]
    [InlineData("file.stored", """{"id":"f","checksums":["0a"]}""", "data.checksums", "not an object")]
    [InlineData("file.stored", """{"id":"f","checksums":{"md5":"q="}}""", "data.checksums", "hexadecimal")]
    [InlineData("file.stored", """{"id":"f","checksums":{"\ud800":"00"}}""", "record", "not valid Unicode")]
    [InlineData("file.located", """{"id":"f"}""", "data.path", "missing")]
    [InlineData("replica.present", """{"id":"f","storage":""}""", "data.storage", "0 bytes")]
    public void A_member_that_is_wrong_is_named(string type, string data, string field, string reason) =>
        Reading.Of("cloudevents", Event(type, data)).IsRejectedFor(field, reason);

    [Theory]
    [InlineData("null", "missing")]
    [InlineData("\"2026-03-04\"", "not a date")]
    [InlineData("\"2099-01-01T00:00:00Z\"", "ahead")]
    public void The_time_of_our_types_is_required_and_believed_up_to_a_day_ahead(string time, string reason) =>
        Reading.Of("cloudevents", Event("file.deleted", """{"id":"f"}""").Replace("\"2026-03-04T09:15:02.481Z\"", time, StringComparison.Ordinal)).IsRejectedFor("time", reason);

    private static string Event(string type, string data) =>
        $$$"""{"specversion":"1.0","id":"1","source":"s","type":"org.eventgrains.{{{type}}}","time":"2026-03-04T09:15:02.481Z","datacontenttype":"application/json","data":{{{data}}}}""";

    private static Reading Binary(string data, params (string Name, string Value)[] attributes)
    {
        var all = attributes.Concat([("specversion", "1.0"), ("id", "1"), ("source", "s")]).ToDictionary(a => a.Item1, a => a.Item2);
        var events = new List<StorageEvent>();
        return new Reading(new CloudEventsDecoder().DecodeBinary(all, Encoding.UTF8.GetBytes(data), Reading.Context, events), events);
    }
}
