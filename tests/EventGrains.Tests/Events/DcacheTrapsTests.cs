using System.Text;
using System.Text.Json.Nodes;
using EventGrains.Files;
using EventGrains.Tests.Samples;

namespace EventGrains.Tests.Events;

/// <summary>What a dCache record must not be taken for.</summary>
public sealed class DcacheTrapsTests
{
    private const string UploadPath = "/upload/1/d9549518-adf8-445b-ac3e-5a47845c396f/f001.h5";

    [Fact]
    public void A_door_request_through_an_upload_directory_means_uploading_and_gives_no_path()
    {
        var says = Edited("s2", r => r["transferPath"] = UploadPath).Says;

        Assert.Equal(new ExistenceRegister(Existence.Uploading), says.Existence);
        Assert.Equal(default, says.Path);
        Assert.Equal("pool-a", Assert.Single(says.Replicas).Pool);
        Assert.Equal(1_073_741_824, says.Size.Bytes);
    }

    [Theory]
    [InlineData("cellType", "SRM")]
    [InlineData("cellName", "srm-h1")]
    [InlineData("session", "door:SRM-h1@srmDomain:1772612095700000")]
    [InlineData("session", "srm:1772612095700000")]
    public void The_same_request_by_the_SRM_ends_the_upload_and_gives_the_final_path(string member, string value)
    {
        var says = Edited("s2", r =>
        {
            r["transferPath"] = UploadPath;
            r[member] = value;
            r.Remove("moverInfo");
        }).Says;

        Assert.Equal(new ExistenceRegister(Existence.Stored), says.Existence);
        Assert.Equal("/data/exp/run7/f001.h5", says.Path.Value);
        Assert.Equal(default, says.Size);
    }

    [Fact]
    public void A_user_s_own_directory_named_upload_is_no_upload_directory() =>
        Assert.Equal(Existence.Stored, Edited("s2", r => (r["transferPath"], r["billingPath"]) = ("/data/upload/f", "/data/upload/f")).Says.Existence.State);

    [Fact]
    public void A_pool_s_transfer_under_an_upload_directory_gives_no_path() =>
        Assert.Equal(default, Edited("s1", r => r["transferPath"] = UploadPath).Says.Path);

    [Fact]
    public void An_SRM_that_aborted_an_upload_proves_nothing() =>
        Edited("s2", r => r["status"]!["code"] = 666).HasNoEffect("request");

    [Theory]
    [InlineData("s2", "request")]
    [InlineData("s5", "remove")]
    public void A_directory_never_becomes_a_file(string sample, string type) =>
        Edited(sample, r => r["billingPath"] = "/data/g2/").HasNoEffect(type);

    [Theory]
    [InlineData("Unknown")]
    [InlineData("parent:[0000B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0]/f001.h5")]
    [InlineData("")]
    [InlineData("relative/path")]
    public void What_is_no_path_is_left_out_and_the_rest_is_kept(string path)
    {
        var says = Edited("s5", r => r["billingPath"] = path).Says;

        Assert.Equal(default, says.Path);
        Assert.Equal(Existence.Deleted, says.Existence.State);
    }

    [Fact]
    public void A_mover_that_failed_under_a_door_that_did_not_proves_no_copy_and_no_size()
    {
        var says = Edited("s2", r => r["moverInfo"]!["status"]!["code"] = 10004).Says;

        Assert.Equal(Existence.Stored, says.Existence.State);
        Assert.Empty(says.Replicas);
        Assert.Equal(default, says.Size);
    }

    [Fact]
    public void A_door_that_failed_proves_nothing_whatever_its_mover_said() =>
        Edited("s2", r => r["status"]!["code"] = 426).HasNoEffect("request");

    [Fact]
    public void A_door_without_mover_information_proves_the_file_alone()
    {
        var says = Edited("s2", r => r.Remove("moverInfo")).Says;

        Assert.Equal(Existence.Stored, says.Existence.State);
        Assert.Empty(says.Replicas);
        Assert.Equal(default, says.Size);
    }

    [Fact]
    public void A_copy_from_pool_to_pool_says_where_the_file_is_but_not_how_long()
    {
        var says = Edited("s1", r => r["isP2p"] = true).Says;

        Assert.Equal("pool-a", Assert.Single(says.Replicas).Pool);
        Assert.Equal(default, says.Size);
    }

    [Fact]
    public void A_remove_by_somebody_who_is_neither_door_nor_pool_proves_nothing() =>
        Edited("s5", r => r["cellType"] = "cleaner").HasNoEffect("remove");

    [Theory]
    [InlineData("s5")]
    [InlineData("s6")]
    public void The_size_in_a_remove_is_not_even_looked_at(string sample)
    {
        var reading = Edited(sample, r => r["fileSize"] = -1);

        Assert.Null(reading.Decoded.Rejection);
        Assert.Equal(default, reading.Says.Size);
    }

    [Theory]
    [InlineData("""{"hsm":{"type":"osm","instance":"cta"},"locations":[]}""", "osm://cta/")]
    [InlineData("""{"hsm":{"type":"enstore"},"locations":[]}""", "enstore://enstore/")]
    [InlineData("""{"hsm":null,"locations":null,"storageInfo":"cms.cms11@cta"}""", "cta://cta/")]
    [InlineData("""{"hsm":null,"locations":[],"storageInfo":null}""", "hsm://unknown/")]
    [InlineData("""{"locations":["osm://b/2","osm://a/1","osm://b/2",""]}""", "osm://a/1 osm://b/2")]
    public void A_flush_proves_a_tape_copy_also_when_it_gives_no_location(string members, string copies)
    {
        var says = Edited("s8", r =>
        {
            foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
            {
                r[name] = value?.DeepClone();
            }
        }).Says;

        Assert.Equal(copies.Split(' '), says.TapeCopies);
    }

    [Fact]
    public void Of_too_many_locations_the_greatest_are_kept()
    {
        var says = Edited("s8", r => r["locations"] = new JsonArray([.. Enumerable.Range(0, 40).Select(n => JsonValue.Create($"osm://cta/{n:00}"))])).Says;

        Assert.Equal(FileFacts.TapeCopiesMax, says.TapeCopies.Length);
        Assert.Equal("osm://cta/39", says.TapeCopies[^1]);
        Assert.Equal(says.TapeCopies.Order(StringComparer.Ordinal), says.TapeCopies);
    }

    [Fact]
    public void A_pnfsid_is_written_in_upper_case() =>
        Assert.Equal("0000A1B2", Assert.Single(Edited("s2", r => r["pnfsid"] = "0000a1b2").Events).File.Native);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void A_request_that_failed_before_there_was_a_file_proves_nothing(string? pnfsid) =>
        Edited("s2", r => r["pnfsid"] = pnfsid).HasNoEffect("request");

    [Theory]
    [InlineData("""{"msgType":"check","date":"now","status":"?"}""", "check")]
    [InlineData("""{"msgType":"invented","pnfsid":7,"status":"fine","fileSize":"big"}""", "invented")]
    [InlineData("""{"msgType":"transfer"}""", "transfer")]
    [InlineData("""{"msgType":"request","status":{"msg":""},"pnfsid":"00A1","fileSize":"big"}""", "request")]
    public void What_proves_nothing_is_accepted_and_counted_whatever_else_it_holds(string record, string type) =>
        Reading.Of("dcache", record).HasNoEffect(type);

    [Fact]
    public void Members_in_any_order_escaped_or_repeated_mean_the_same()
    {
        var plain = Reading.Of("dcache", SampleRecords.Lines("s2")[0]).Says;
        var reversed = Edited("s2", r =>
        {
            foreach (var (name, value) in r.Reverse().ToArray())
            {
                r.Remove(name);
                r[name] = value;
            }
        });
        var escaped = SampleRecords.Lines("s2")[0]
            .Replace("\"pnfsid\"", "\"pnf\\u0073id\"", StringComparison.Ordinal)
            .Replace("/data/exp", "\\/data\\u002fexp", StringComparison.Ordinal)
            .Replace("+01:00", "\\u002b01:00", StringComparison.Ordinal)
            .Replace("\"door\"", "\"d\\u006for\"", StringComparison.Ordinal);

        Assert.Equal(plain, reversed.Says);
        Assert.Equal(plain, Reading.Of("dcache", escaped).Says);
        Assert.Equal(plain, Reading.Of("dcache", "{\"fileSize\":1," + SampleRecords.Lines("s2")[0][1..]).Says);
    }

    [Fact]
    public void A_name_may_hold_a_NUL_a_newline_and_any_letter()
    {
        const string Name = "/data/a\0b\nc é 漢 😀 $(x) -rf";

        Assert.Equal(Name, Edited("s2", r => r["billingPath"] = Name).Says.Path.Value);
        Assert.Equal(Name, Edited("s2", r => r["billingPath"] = Name, ascii: false).Says.Path.Value);
    }

    internal static Reading Edited(string sample, Action<JsonObject> edit, bool ascii = true)
    {
        var record = JsonNode.Parse(SampleRecords.Lines(sample)[0])!.AsObject();
        edit(record);
        var options = ascii ? null : new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        return Reading.Of("dcache", Encoding.UTF8.GetBytes(record.ToJsonString(options)));
    }
}
