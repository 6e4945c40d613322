using System.Text;
using System.Text.Json.Nodes;
using EventGrains.Files;
using EventGrains.Tests.Samples;

namespace EventGrains.Tests.Events;

/// <summary>What comes back for a dCache record that cannot be read: the field, why, and no event.</summary>
public sealed class DcacheRejectionsTests
{
    [Theory]
    [InlineData("s1", "fileSize", "-1", "fileSize", "below zero")]
    [InlineData("s2", "fileSize", "-9223372036854775808", "fileSize", "below zero")]
    [InlineData("s3", "fileSize", "-5", "fileSize", "below zero")]
    [InlineData("s3", "fileSize", "9223372036854775807", "fileSize", "more than a file can have")]
    [InlineData("s8", "fileSize", "9223372036854775808", "fileSize", "64 bits")]
    [InlineData("s10", "fileSize", "1.5", "fileSize", "whole number")]
    [InlineData("s1", "fileSize", "\"24\"", "fileSize", "whole number")]
    [InlineData("s1", "date", "null", "date", "missing")]
    [InlineData("s2", "date", "\"yesterday\"", "date", "not a date")]
    [InlineData("s2", "date", "\"2026-03-04T09:15:02\"", "date", "offset")]
    [InlineData("s5", "date", "1772612102481", "date", "not a text")]
    [InlineData("s6", "date", "\"2099-01-01T00:00:00Z\"", "date", "more than a day ahead")]
    [InlineData("s8", "transferTime", "9223372036854775807", "transferTime", "more than a day ahead")]
    [InlineData("s8", "queuingTime", "9223372036854775807", "transferTime", "more than a day ahead")]
    [InlineData("s10", "transferTime", "\"soon\"", "transferTime", "whole number")]
    [InlineData("s1", "cellName", "null", "cellName", "name the pool")]
    [InlineData("s6", "cellName", "\"\"", "cellName", "0 bytes")]
    [InlineData("s1", "pnfsid", "17", "pnfsid", "not a text")]
    [InlineData("s1", "pnfsid", "\"/data/f\"", "pnfsid", "letters and digits")]
    [InlineData("s1", "pnfsid", "\"00A1\\u0000\"", "pnfsid", "letters and digits")]
    [InlineData("s1", "status", "0", "status", "not an object")]
    [InlineData("s1", "status", "{\"code\":\"0\"}", "status.code", "whole number")]
    [InlineData("s1", "isWrite", "true", "isWrite", "not a text")]
    [InlineData("s1", "isP2p", "\"false\"", "isP2p", "neither true nor false")]
    [InlineData("s2", "moverInfo", "\"pool-a\"", "moverInfo", "not an object")]
    [InlineData("s2", "moverInfo", "{\"status\":{\"code\":0},\"cellName\":\"pool-a\"}", "moverInfo.date", "missing")]
    [InlineData("s2", "moverInfo", "{\"status\":{\"code\":0},\"cellName\":\"pool-a\",\"date\":\"2099-01-01T00:00:00Z\"}", "moverInfo.date", "ahead")]
    [InlineData("s2", "moverInfo", "{\"status\":{\"code\":0},\"date\":\"2026-03-04T09:15:02Z\"}", "moverInfo.cellName", "name the pool")]
    [InlineData("s2", "billingPath", "7", "billingPath", "not a text")]
    [InlineData("s2", "billingPath", "\"/data/\\ud800x\"", "billingPath", "not valid Unicode")]
    [InlineData("s8", "locations", "\"osm://cta/1\"", "locations", "not a list")]
    [InlineData("s8", "locations", "[1]", "locations", "not a text")]
    [InlineData("s1", "msgType", "null", "msgType", "missing")]
    [InlineData("s1", "msgType", "4", "msgType", "not a text")]
    public void A_member_that_is_needed_and_wrong_is_named(string sample, string member, string json, string field, string reason)
    {
        var record = JsonNode.Parse(SampleRecords.Lines(sample)[0])!.AsObject();
        record.Remove(member);

        var reading = Reading.Of("dcache", $"{{\"{member}\":{json},{record.ToJsonString()[1..]}");

        reading.IsRejectedFor(field, reason);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("  ", 2)]
    [InlineData("nonsense", 0)]
    [InlineData("{\"msgType\":\"request\"", 20)]
    [InlineData("{\"msgType\":\"request\",}", 21)]
    [InlineData("{\"msgType\":\"request\"} {", 22)]
    [InlineData("{\"msgType\":\"requ", 11)]
    public void What_is_no_JSON_is_rejected_with_the_place_where_it_broke(string record, int position) =>
        Reading.Of("dcache", record).IsRejectedFor("record", $"after byte {position}");

    [Theory]
    [InlineData("[]")]
    [InlineData("\"request\"")]
    [InlineData("17")]
    [InlineData("null")]
    public void JSON_that_is_no_object_is_rejected(string record) => Reading.Of("dcache", record).IsRejectedFor("record", "not a JSON object");

    [Fact]
    public void Endless_nesting_is_rejected() =>
        Reading.Of("dcache", "{\"subject\":" + new string('[', 100_000)).IsRejectedFor("record");

    [Fact]
    public void A_pnfsid_or_path_beyond_its_bound_is_rejected()
    {
        DcacheTrapsTests.Edited("s2", r => r["pnfsid"] = new string('A', FileId.NativeBytesMax + 1)).IsRejectedFor("pnfsid", "4097 bytes");
        DcacheTrapsTests.Edited("s2", r => r["billingPath"] = "/" + new string('a', 64 * 1024)).IsRejectedFor("billingPath", "65537 bytes");
        Assert.Equal(64 * 1024, DcacheTrapsTests.Edited("s2", r => r["billingPath"] = "/" + new string('a', (64 * 1024) - 1)).Says.Path.Value!.Length);
    }

    [Fact]
    public void Broken_UTF_8_is_rejected_in_a_name_that_is_kept_and_ignored_in_what_is_not()
    {
        Reading.Of("dcache", Broken("/data/exp/run7/f001.h5")).IsRejectedFor("billingPath", "not valid Unicode");

        Assert.Null(Reading.Of("dcache", Broken("UserNamePrincipal[kermit]")).Decoded.Rejection);
    }

    [Fact]
    public void The_escaped_name_of_a_member_that_is_no_Unicode_is_rejected() =>
        Reading.Of("dcache", "{\"\\ud800\":1,\"msgType\":\"request\"}").IsRejectedFor("record", "not valid Unicode");

    private static byte[] Broken(string text)
    {
        var record = SampleRecords.Lines("s1")[0];
        var bytes = Encoding.UTF8.GetBytes(record);
        bytes[record.IndexOf(text, StringComparison.Ordinal) + 5] = 0xFF;
        return bytes;
    }
}
