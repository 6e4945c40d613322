using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Tests.Events;

public sealed class S3DecoderTests
{
    private const string Md5 = "d41d8cd98f00b204e9800998ecf8427e";

    private static readonly DateTime At = Reading.At("2026-03-04T09:15:02.481Z");

    [Fact]
    public void A_put_by_AWS_proves_a_new_incarnation_with_its_size_checksum_path_and_copy()
    {
        var reading = Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"runs/a+b%2Bc%C3%A9.h5","size":1024,"eTag":"D41D8CD98F00B204E9800998ECF8427E","sequencer":"0055AED6DCD90281E5" """));

        Assert.Equal(new Decoded("s3:ObjectCreated:Put"), reading.Decoded);
        var said = Assert.Single(reading.Events);
        Assert.Equal(new FileId("site", "bucket/runs/a b+cé.h5"), said.File);
        Assert.Equal("s3:ObjectCreated:Put", said.Type);
        Assert.Equal(
            new FileFacts
            {
                Incarnation = new Incarnation("000000000000000055aed6dcd90281e5".PadLeft(32, '0')),
                Existence = new ExistenceRegister(Existence.Stored),
                Size = new SizeRegister(1024),
                Checksums = [new Checksum("md5", Md5)],
                Path = new PathRegister(PathRank.Namespace, At, "/bucket/runs/a b+cé.h5"),
                Replicas = [Reading.Copy(null, "2026-03-04T09:15:02.481Z")],
            },
            said.Says);
    }

    [Fact]
    public void MinIO_s_notification_says_the_same_as_AWS_s()
    {
        var aws = Notification("ObjectCreated:Put", """ "key":"a%2Fb","size":1,"sequencer":"1A" """);
        var minio = Notification("s3:ObjectCreated:Put", """ "key":"a%2Fb","size":1,"sequencer":"1A","contentType":"text/plain" """)
            .Replace("{\"Records\"", """{"EventName":"s3:ObjectCreated:Put","Key":"bucket/a/b","Records" """, StringComparison.Ordinal);

        Assert.Equal(Reading.Of("s3", aws).Events, Reading.Of("s3", minio).Events);
        Assert.Equal("bucket/a/b", Assert.Single(Reading.Of("s3", minio).Events).File.Native);
    }

    [Fact]
    public void EventBridge_does_not_encode_the_key()
    {
        var reading = Reading.Of("s3", Bridge("Object Created", """ "key":"a+b%20c","size":7,"etag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"1A" """));

        Assert.Equal("Object Created", reading.Decoded.Type);
        Assert.Equal("bucket/a+b%20c", Assert.Single(reading.Events).File.Native);
        Assert.Equal(7, reading.Says.Size.Bytes);
        Assert.Equal(Md5, Assert.Single(reading.Says.Checksums).Value);
    }

    [Theory]
    [InlineData("ObjectRemoved:Delete")]
    [InlineData("s3:ObjectRemoved:Delete")]
    [InlineData("ObjectRemoved:DeleteMarkerCreated")]
    [InlineData("LifecycleExpiration:Delete")]
    [InlineData("LifecycleExpiration:DeleteMarkerCreated")]
    public void A_removal_closes_every_incarnation_up_to_its_own(string name) =>
        Assert.Equal(
            new FileFacts
            {
                DeletedThrough = new Incarnation("1b".PadLeft(32, '0')),
                Path = new PathRegister(PathRank.Namespace, At, "/bucket/k"),
            },
            Reading.Of("s3", Notification(name, """ "key":"k","sequencer":"1B" """)).Says);

    [Fact]
    public void A_delete_marker_removes_the_key_but_the_removal_of_one_version_does_not()
    {
        Assert.NotNull(Reading.Of("s3", Notification("ObjectRemoved:DeleteMarkerCreated", """ "key":"k","sequencer":"1B","versionId":"v2" """)).Says.DeletedThrough);
        Assert.NotNull(Reading.Of("s3", Bridge("Object Deleted", """ "key":"k","sequencer":"1B","version-id":"v2" """, "Delete Marker Created")).Says.DeletedThrough);
        Assert.NotNull(Reading.Of("s3", Bridge("Object Deleted", """ "key":"k","sequencer":"1B" """, "Permanently Deleted")).Says.DeletedThrough);

        Reading.Of("s3", Notification("ObjectRemoved:Delete", """ "key":"k","sequencer":"1B","versionId":"v1" """)).HasNoEffect("s3:ObjectRemoved:Delete");
        Reading.Of("s3", Bridge("Object Deleted", """ "key":"k","sequencer":"1B","version-id":"v1" """, "Permanently Deleted")).HasNoEffect("Object Deleted");
    }

    [Fact]
    public void An_older_delete_does_not_remove_what_was_put_again_in_any_order()
    {
        var put = Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"k","size":1,"sequencer":"9" """)).Says;
        var removed = Reading.Of("s3", Notification("ObjectRemoved:Delete", """ "key":"k","sequencer":"A" """)).Says;
        var putAgain = Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"k","size":2,"sequencer":"10" """)).Says;
        FileFacts[][] orders = [[put, removed, putAgain], [putAgain, removed, put], [removed, putAgain, put]];

        foreach (var order in orders)
        {
            var facts = order.Aggregate(FileFacts.Nothing, FileFacts.Join);

            Assert.Equal(2, facts.Size.Bytes);
            Assert.True(facts.DeletedThrough < facts.Incarnation);
        }
    }

    [Fact]
    public void Without_a_sequencer_the_event_s_time_orders_existence_and_size()
    {
        var put = Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"k","size":5 """)).Says;
        var removed = Reading.Of("s3", Notification("ObjectRemoved:Delete", """ "key":"k" """, "2026-03-04T09:16:00Z")).Says;
        var putAgain = Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"k","size":2 """, "2026-03-04T09:17:00Z")).Says;

        Assert.Equal((new ExistenceRegister(Existence.Stored, At), new SizeRegister(5, At)), (put.Existence, put.Size));
        Assert.Equal(new ExistenceRegister(Existence.Deleted, Reading.At("2026-03-04T09:16:00Z")), FileFacts.Join(removed, put).Existence);
        Assert.Equal(Reading.Copy(null, "2026-03-04T09:16:00Z", ReplicaState.Removed), Assert.Single(FileFacts.Join(removed, put).Replicas));
        var facts = FileFacts.Join(putAgain, FileFacts.Join(removed, put));
        Assert.Equal((Existence.Stored, 2L), (facts.Existence.State, facts.Size.Bytes));
    }

    [Theory]
    [InlineData("d41d8cd98f00b204e9800998ecf8427e-5")]
    [InlineData("not a checksum")]
    [InlineData("d41d8cd98f00b204e9800998ecf8427g")]
    public void A_tag_that_is_no_MD5_gives_no_checksum(string tag) =>
        Assert.Empty(Reading.Of("s3", Notification("ObjectCreated:CompleteMultipartUpload", $$""" "key":"k","size":1,"eTag":"{{tag}}","sequencer":"1" """)).Says.Checksums);

    [Theory]
    [InlineData("""{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"b"}""", "s3:TestEvent")]
    [InlineData("""{"Records":[{"eventName":"s3:ObjectAccessed:Get","s3":"?"}]}""", "s3:ObjectAccessed:Get")]
    [InlineData("""{"Records":[{"eventName":"ObjectTagging:Put"}]}""", "s3:ObjectTagging:Put")]
    [InlineData("""{"Records":[]}""", "<empty>")]
    [InlineData("""{"detail-type":"Object Tags Added","source":"aws.s3","detail":{}}""", "Object Tags Added")]
    [InlineData("""{"detail-type":"Object Created","source":"some.other","detail":{}}""", "Object Created")]
    public void Other_events_are_accepted_without_effect(string record, string type) => Reading.Of("s3", record).HasNoEffect(type);

    [Fact]
    public void A_key_that_marks_a_folder_is_no_file() =>
        Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"folder/","size":0,"sequencer":"1" """)).HasNoEffect("s3:ObjectCreated:Put");

    [Theory]
    [InlineData(""" "key":"k","size":-1,"sequencer":"1" """, "s3.object.size", "below zero")]
    [InlineData(""" "key":"k","size":"1","sequencer":"1" """, "s3.object.size", "whole number")]
    [InlineData(""" "key":"k","size":1,"sequencer":"xyz" """, "s3.object.sequencer", "not hexadecimal")]
    [InlineData(""" "key":"k","size":1,"sequencer":"" """, "s3.object.sequencer", "not hexadecimal")]
    [InlineData(""" "key":"k","size":1,"sequencer":17 """, "s3.object.sequencer", "not a text")]
    [InlineData(""" "key":"k","size":1,"sequencer":"000000000000000000000000000000001" """, "s3.object.sequencer", "33 bytes")]
    [InlineData(""" "size":1,"sequencer":"1" """, "s3.object.key", "missing or empty")]
    [InlineData(""" "key":"","size":1,"sequencer":"1" """, "s3.object.key", "missing or empty")]
    [InlineData(""" "key":"100%","size":1,"sequencer":"1" """, "s3.object.key", "a % at byte 3")]
    [InlineData(""" "key":"100%zz","size":1,"sequencer":"1" """, "s3.object.key", "a % at byte 3")]
    [InlineData(""" "key":"%ff%fe","size":1,"sequencer":"1" """, "s3.object.key", "not valid Unicode")]
    [InlineData(""" "key":"\ud800","size":1,"sequencer":"1" """, "s3.object.key", "not valid Unicode")]
    public void A_member_that_is_wrong_is_named(string stored, string field, string reason) =>
        Reading.Of("s3", Notification("ObjectCreated:Put", stored)).IsRejectedFor("Records[0]." + field, reason);

    [Theory]
    [InlineData("{\"Records\":{}}", "Records")]
    [InlineData("{\"Records\":[1]}", "Records[0].eventName")]
    [InlineData("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\"}]}", "Records[0].s3")]
    [InlineData("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"object\":{}}}]}", "Records[0].s3.bucket")]
    [InlineData("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"object\":{},\"bucket\":{\"name\":\"a/b\"}}}]}", "Records[0].s3.bucket.name")]
    [InlineData("{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"object\":{\"key\":\"k\"},\"bucket\":{\"name\":\"b\"}}}]}", "Records[0].eventTime")]
    [InlineData("{\"detail-type\":\"Object Created\",\"source\":\"aws.s3\"}", "detail")]
    public void A_record_without_what_every_one_has_is_rejected_for_it(string record, string field) => Reading.Of("s3", record).IsRejectedFor(field);

    [Fact]
    public void A_date_in_2099_is_rejected() =>
        Reading.Of("s3", Notification("ObjectCreated:Put", """ "key":"k" """, "2099-01-01T00:00:00Z")).IsRejectedFor("Records[0].eventTime", "ahead");

    [Fact]
    public void A_notification_may_hold_many_records_and_one_bad_one_rejects_all()
    {
        static string Put(string key, int size) =>
            $$$"""{"eventName":"ObjectCreated:Put","eventTime":"2026-03-04T09:15:02Z","s3":{"bucket":{"name":"b"},"object":{"key":"{{{key}}}","size":{{{size}}},"sequencer":"1"} } }""";

        Assert.Equal(["b/a", "b/c"], Reading.Of("s3", $"{{\"Records\":[{Put("a", 1)},{Put("c", 2)}]}}").Events.Select(e => e.File.Native));
        Reading.Of("s3", $"{{\"Records\":[{Put("a", 1)},{Put("c", -2)}]}}").IsRejectedFor("Records[1].s3.object.size", "below zero");
    }

    private static string Notification(string name, string stored, string time = "2026-03-04T09:15:02.481Z") =>
        $$$"""{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"{{{time}}}","eventName":"{{{name}}}","userIdentity":{"principalId":"p"},"s3":{"s3SchemaVersion":"1.0","bucket":{"name":"bucket","arn":"arn:aws:s3:::bucket"},"object":{ {{{stored}}} } } } ] }""";

    private static string Bridge(string type, string stored, string deletion = "") =>
        $$$"""{"version":"0","id":"1","detail-type":"{{{type}}}","source":"aws.s3","time":"2026-03-04T09:15:02Z","detail":{"version":"0","bucket":{"name":"bucket"},"object":{ {{{stored}}} },"deletion-type":"{{{deletion}}}"} }""";
}
