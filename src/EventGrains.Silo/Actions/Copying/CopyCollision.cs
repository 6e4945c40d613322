using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>Whether what has the target's name may be replaced, or become this file's copy as it is. Pure but for the file that it asks for.</summary>
/// <remarks>
/// Other content may be replaced where it is what we made of this file, or of one that is deleted by now, and nobody wrote into it since. Two files that are both
/// there and that a rule gives one path cannot both be copied: the second one's step fails for good, and names both and the template.
/// Content that is the same may become this file's copy once the path's alias tells of it.
/// </remarks>
internal static class CopyCollision
{
    private const string Replicate = "replicate";

    /// <param name="owner">Whose copy the path is, by its alias.</param>
    /// <param name="unfinished">What was about to replace it when an earlier attempt ended.</param>
    /// <exception cref="StepFailedException">It may not. Final, unless the other file had the same path and may just not be known to be deleted yet.</exception>
    public static void Check(
        CopyOrder order, ContentStamp here, ContentStamp there, CopyAlias? owner, CopyAlias? unfinished, Func<FileId, FileState?> find)
    {
        var target = $"{order.TargetStorage}:{order.Target}";
        CopyAlias[] ours = [.. new[] { unfinished, owner }.OfType<CopyAlias>().Where(a => a.Checksum == there.Adler32)];
        if (ours.Any(a => a.File == order.File))
        {
            return;
        }

        if (ours is not [.., var others])
        {
            var whose = owner is null ? "no copy that we made" : $"not as it was when it was made the copy of {owner.File}";
            throw new StepFailedException(
                $"the target {target} exists with other content ({there}; the source has {here}) and is {whose}; remove it, or choose another path in the rule",
                final: true);
        }

        var other = find(others.File);
        if (other is not null && FileSummary.Of(other).Existence == Existence.Deleted)
        {
            return;
        }

        // Editors save by renaming a new file over the old one; the next look finds that one deleted.
        var path = other?.Facts.Path.Value;
        if (others.File.Storage == order.File.Storage && path == order.Source.Value)
        {
            throw new StepFailedException(
                $"the target {target} is the copy of {others.File}, which had the path {order.Source} before {order.File} and is not deleted yet as far as is known; it is tried again");
        }

        throw new StepFailedException(
            $"the target {target} is the copy of {Named(others.File, path)}, with other content ({there}; {Named(order.File, order.Source.Value)} has {here}): "
            + $"the path '{order.Template}' gives both files one name; change it so that it tells them apart",
            final: true);
    }

    /// <summary>What is there has the content to copy: another file's attempt may have put it there and not yet said that the path is its own.</summary>
    /// <remarks>From its rename on that attempt holds no lock. One that ended there is waited for while its step is not at its end.</remarks>
    /// <exception cref="StepFailedException">Busy: it may have.</exception>
    public static void CheckSame(CopyOrder order, ContentStamp there, CopyAlias? owner, CopyAlias? unfinished, Func<FileId, FileState?> find)
    {
        if (unfinished is null || unfinished.File == order.File || unfinished.Checksum != there.Adler32 || owner?.Checksum == there.Adler32)
        {
            return;
        }

        if (find(unfinished.File)?.Steps.Any(s => MayHaveAnnounced(s, unfinished)) == true)
        {
            throw StepFailedException.Busy($"the target {order.Target} is just becoming the copy of {unfinished.File}");
        }
    }

    // A step that had no attempt announced nothing; it may wait for ever for the one before it in its rule.
    private static bool MayHaveAnnounced(Step step, CopyAlias alias) =>
        step is { Action: Replicate, State: StepState.Waiting or StepState.Running, Attempts: > 0 }
        && step.Target == alias.Storage
        && step.Key.Incarnation == alias.Incarnation;

    private static string Named(FileId file, string? path) => path is null ? $"{file}" : $"{file} ({PosixText.Show(path)})";
}
