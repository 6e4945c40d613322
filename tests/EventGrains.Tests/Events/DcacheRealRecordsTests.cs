using EventGrains.Files;

namespace EventGrains.Tests.Events;

public sealed class DcacheRealRecordsTests
{
    private const string Variable = "EVENTGRAINS_SHARED";

    /// <remarks>
    /// The records carry no licence and are not in the tree. They name five pnfsids: four files, each with one upload (and one of
    /// them many reads); and a directory that a dcap client failed to open, of which nothing can be concluded.
    /// </remarks>
    [Fact]
    public void Three_hundred_records_of_a_real_dCache_are_read_without_a_rejection_and_give_four_stored_files()
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        var file = Path.Combine(folder ?? "", "data", "dcache-billing-300.ndjson");
        Assert.SkipUnless(folder is not null && File.Exists(file), $"{Variable} names no folder with data/dcache-billing-300.ndjson");
        var facts = new SortedDictionary<FileId, FileFacts>();

        foreach (var line in File.ReadLines(file))
        {
            var reading = Reading.Of("dcache", line);

            Assert.Null(reading.Decoded.Rejection);
            foreach (var said in reading.Events)
            {
                facts[said.File] = FileFacts.Join(facts.GetValueOrDefault(said.File, FileFacts.Nothing), said.Says);
            }
        }

        Assert.Equal(
            [
                "site:00006AE8882C252F4D7AA5D0C9D55762F1A6 Stored 1819 /data/testfile pool-c",
                "site:0000DC1C39FF800C4C6C99A79C7F1370FD6E Stored 30 /data/g2/remotefileNODCAU pool-c",
                "site:0000E9A230AD53A54B9C9B017D90708C2E6B Stored 27 /data/tree/file pool-b",
                "site:0000EC395CEBBD9144699850A37BCD79DB9F Stored 48 /data/g2/remotefileMULTIPLEPARALLELSTREAMS pool-a",
            ],
            facts.Select(f => $"{f.Key} {f.Value.Existence.State} {f.Value.Size.Bytes} {f.Value.Path.Value} {string.Join(',', f.Value.Replicas.Select(r => r.Pool))}"));
    }
}
