namespace EventGrains.Silo.Sources.Directories;

/// <summary>The way from a name that vanished to a file that is said to be deleted; one step at each turn of the source.</summary>
internal sealed class Deletions(DirectoryContext context, DirectoryLooks looks, LookQueue queue, NoticePump notices)
{
    private const int BatchPathsMax = 2_000;

    private readonly Conclusions conclusions = new();

    /// <summary>What looks left to do. While not all is watched only a scan tells what is gone: it may have been moved to where nothing is noticed.</summary>
    public void Leave(LookAnswer answer, bool isAllWatched)
    {
        if (answer.HasMissedName)
        {
            conclusions.MissName();
        }

        lock (queue)
        {
            answer.Again.ForEach(queue.AddAgain);
            if (isAllWatched)
            {
                answer.Vanished.ForEach(p => queue.AddVanished(p, context.Now));
            }
        }
    }

    /// <param name="isLeftToScan">A scan is due: what vanished may be where only that looks.</param>
    /// <param name="isScanWalking">A scan is on its way through the tree.</param>
    /// <param name="walks">Other walks under way.</param>
    /// <returns>True when there may be more to do at once.</returns>
    public async Task<bool> Advance(Func<bool> isLeftToScan, Func<bool> isScanWalking, IEnumerable<Task> walks, CancellationToken ct)
    {
        List<Look> vanished = [];
        IReadOnlyList<Missing> gone = [];
        lock (queue)
        {
            if (isLeftToScan() || queue.HasOverflowed)
            {
                queue.LeaveVanishedToScan();
                conclusions.Forget();
            }
            else if (conclusions.IsEmpty)
            {
                vanished = queue.TakeVanished(context.Now, BatchPathsMax);
            }
            else if (!isScanWalking())
            {
                gone = conclusions.Take(() => notices.Come, notices.Taken, queue.NextDue, walks, context.Now);
            }
        }

        if (vanished.Count > 0)
        {
            var missing = await looks.FindMissing(vanished.ConvertAll(v => v.Path), ct);
            conclusions.Begin(missing, context.Now);
        }

        if (gone.Count > 0)
        {
            var unsure = await looks.Conclude(gone, isScanned: false, ct);
            lock (queue)
            {
                unsure.ForEach(p => queue.AddVanished(p, context.Now));
            }
        }

        return vanished.Count + gone.Count > 0;
    }
}
