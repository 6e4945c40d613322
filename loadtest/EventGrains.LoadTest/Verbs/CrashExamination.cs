using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Verbs;

/// <summary>What is looked at after the crashes, when all has come to rest.</summary>
internal static class CrashExamination
{
    private const int HistoriesAtATime = 4;

    public static async Task Of(
        ServerClient client, Workload workload, WatchedFiles watched, TransitionLedger ledger, Verdict verdict, TimeSpan feedWithin, CancellationToken ct)
    {
        var events = await client.Files($"storage={RuleFile.Storage}", ct).ToListAsync(ct);
        var files = await client.Files($"storage={RuleFile.WatchedStorage}", ct).ToListAsync(ct);
        var examination = new Examination(workload, verdict);
        events.ForEach(examination.Compare);
        examination.Conclude();
        watched.Examine([.. files.Where(f => f.Path?.StartsWith("/drop/", StringComparison.Ordinal) == true)], verdict);

        FileAnswer[] all = [.. events, .. files];
        ExamineSteps(all, verdict);
        await foreach (var step in client.Steps("failed", ct))
        {
            verdict.AddOther($"step {step.Action} of rule {step.Rule} on {step.File} failed: {step.Error}");
        }

        await Settling.Sometime(feedWithin, () => all.All(file => ledger.LastVersion(file.Id) >= file.Version), ct);
        foreach (var file in all)
        {
            ledger.CompareEnd(file.Id, file.Version);
        }

        await ExamineHistories(client, all, verdict, ct);
    }

    private static void ExamineSteps(FileAnswer[] files, Verdict verdict)
    {
        foreach (var file in files)
        {
            foreach (var step in file.Steps.Where(step => step.State is not ("done" or "cancelled" or "superseded")))
            {
                verdict.AddOther($"{file.Id}: step {step.Action} of rule {step.Rule} is {step.State} {step.Error}");
            }

            // A deleted file may have been deleted before its rule could fire; a stored one may not be passed over.
            if (file.Path?.Contains("/calib", StringComparison.Ordinal) == true && file.Existence == "stored" && file.Steps.Count == 0)
            {
                verdict.AddOther($"{file.Id} at {file.Path} matches a rule, and the rule never fired");
            }
        }
    }

    private static Task ExamineHistories(ServerClient client, FileAnswer[] files, Verdict verdict, CancellationToken ct) =>
        Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = HistoriesAtATime, CancellationToken = ct }, async (file, token) =>
        {
            var versions = await client.History(file.Id, token).Select(entry => entry.Version).ToListAsync(token);
            if (!versions.SequenceEqual(Enumerable.Range(1, file.Version)))
            {
                verdict.AddRepeated($"history: {file.Id} is at version {file.Version}, and its history has {string.Join(' ', versions.Take(20))}");
            }
        });
}
