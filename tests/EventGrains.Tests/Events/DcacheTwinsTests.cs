using System.Globalization;
using CsCheck;
using EventGrains.Files;

namespace EventGrains.Tests.Events;

/// <summary>
/// A site may publish by each cell (a door's record then repeats its mover's), by the billing cell (it does not), or by both.
/// However it is published, shuffled, doubled and skewed by ten minutes per producer, the history of a file gives the same facts.
/// </summary>
public sealed class DcacheTwinsTests
{
    private const string PnfsId = "0000A1B2C3D4E5F60718293A4B5C6D7E8F90";

    // Few instants, pools and sizes on purpose: ties are the interesting case.
    private static readonly Gen<Happening> Something = Gen.Select(
        Gen.Enum<What>(), Gen.Int[0, 5], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Bool, (what, minute, pool, size, failed) => new Happening(what, minute, pool, size, failed));

    [Fact]
    public void Both_ways_to_publish_alone_or_together_in_any_order_give_the_same_facts() =>
        Gen.Select(Something.Array[1, 8], Gen.Int[-10, 10].Array[4], Gen.Int).Sample((history, skews, seed) =>
        {
            var byCells = history.SelectMany(h => h.Records(skews, withMover: true)).ToArray();
            var byBilling = history.SelectMany(h => h.Records(skews, withMover: false)).ToArray();
            string[] both = [.. byCells, .. byBilling, .. byCells];
            new Random(seed).Shuffle(both);

            var facts = Facts(byCells);

            Assert.Equal(facts, Facts(byBilling));
            Assert.Equal(facts, Facts(both));
        }, iter: 1_000);

    [Fact]
    public void A_whole_life_says_what_it_should()
    {
        var life = new[]
        {
            new Happening(What.Upload, 0, 0, 2, false),
            new Happening(What.Store, 1, 0, 2, false),
            new Happening(What.Evict, 2, 0, 2, false),
            new Happening(What.Restore, 3, 1, 2, false),
            new Happening(What.Read, 4, 1, 2, false),
        };

        var facts = Facts(life.SelectMany(h => h.Records([0, 0, 0, 0], withMover: true)));

        Assert.Equal((Existence.Stored, 2L), (facts.Existence.State, facts.Size.Bytes));
        Assert.Equal(["pool-0 Removed True", "pool-1 Present False"], facts.Replicas.Select(r => $"{r.Pool} {r.State} {r.Evicted}"));
        Assert.Equal(["osm://cta/1"], facts.TapeCopies);
        Assert.Equal(Reading.At("2026-03-04T09:03:01Z"), facts.StagedAt);
        Assert.Equal("/data/f", facts.Path.Value);
    }

    private static FileFacts Facts(IEnumerable<string> records) => records
        .Select(record => Reading.Of("dcache", record))
        .SelectMany(reading => reading.Decoded.Rejection is null ? reading.Events : throw new InvalidOperationException(reading.Decoded.ToString()))
        .Aggregate(FileFacts.Nothing, (facts, said) => FileFacts.Join(facts, said.Says));

    internal enum What
    {
        Upload,
        Read,
        SrmUpload,
        SrmPutDone,
        Store,
        Restore,
        Evict,
        Clean,
        Delete,
        PoolToPool,
    }

    /// <summary>One thing that happens to the file, as its door and its pool tell it, each by its own clock.</summary>
    /// <param name="Failed">The door failed, after its pool did not.</param>
    internal sealed record Happening(What What, int Minute, int Pool, int Size, bool Failed)
    {
        public IEnumerable<string> Records(int[] skews, bool withMover)
        {
            var pool = At(skews[Pool]);
            var door = At(skews[3]);
            return What switch
            {
                What.Upload => [Transfer(pool, "write", "/data/f"), Request(door, pool, "write", "/data/f", "WebDAV", withMover)],
                What.Read => [Request(door, pool, "read", "/data/f", "xrootd", withMover), Transfer(pool, "read", "/data/f")],
                What.SrmUpload => [Transfer(pool, "write", "/upload/1/u/f"), Request(door, pool, "write", "/upload/1/u/f", "GFTP", withMover)],
                What.SrmPutDone => [Request(door, null, "", "/upload/1/u/f", "SRM", withMover: false)],
                What.Store => [PoolRecord(pool, "store", $$""","fileSize":{{Size}},"locations":["osm://cta/1"],"queuingTime":{{Size}},"transferTime":1000""")],
                What.Restore => [PoolRecord(pool, "restore", $$""","fileSize":{{Size}},"locations":["osm://cta/1"],"transferTime":1000""")],
                What.Evict => [PoolRecord(pool, "remove", "", "sweeper making space for new data")],
                What.Clean => [PoolRecord(pool, "remove", "", "cleaner-disk@cleanerDomain [PoolRemoveFiles]")],
                What.Delete => [DoorRecord(door, "remove", "/data/f", "WebDAV", ""","fileSize":0""")],
                _ => [Transfer(pool, "read", "/data/f", isP2p: true)],
            };
        }

        private string At(int skew) =>
            new DateTime(2026, 3, 4, 9, 0, 0, DateTimeKind.Utc).AddMinutes(Minute + skew).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

        private string Transfer(string at, string isWrite, string path, bool isP2p = false) => PoolRecord(
            at, "transfer", $$""","fileSize":{{Size}},"transferPath":"{{path}}","isWrite":"{{isWrite}}","isP2p":{{(isP2p ? "true" : "false")}}""");

        private string Request(string at, string? mover, string isWrite, string path, string door, bool withMover) => DoorRecord(
            at,
            "request",
            path,
            door,
            $",\"fileSize\":{Size}" + (withMover
                ? $$$""","moverInfo":{"msgType":"transfer","date":"{{{mover}}}","cellName":"pool-{{{Pool}}}","cellType":"pool","status":{"msg":"","code":0},"isWrite":"{{{isWrite}}}","isP2p":false}"""
                : ""));

        private string PoolRecord(string at, string type, string members, string reason = "") =>
            $$$"""{"msgType":"{{{type}}}","date":"{{{at}}}","cellName":"pool-{{{Pool}}}","cellType":"pool","status":{"code":0,"msg":"{{{reason}}}"},"pnfsid":"{{{PnfsId}}}","billingPath":"/data/f"{{{members}}} }""";

        private string DoorRecord(string at, string type, string path, string door, string members) =>
            $$$"""{"msgType":"{{{type}}}","date":"{{{at}}}","cellName":"{{{door}}}-h1","cellType":"door","status":{"code":{{{(Failed ? 451 : 0)}}},"msg":""},"pnfsid":"{{{PnfsId}}}","billingPath":"/data/f","transferPath":"{{{path}}}"{{{members}}} }""";
    }
}
