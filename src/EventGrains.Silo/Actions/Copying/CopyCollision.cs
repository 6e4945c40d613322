using EventGrains.Contracts.Shards;
using EventGrains.Files;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>Whether other content that has the target's name may be replaced. Pure but for the file that it asks for.</summary>
/// <remarks>
/// It may where it is what we made of this file, or of one that is deleted by now, and nobody wrote into it since. Two files that are both
/// there and that a rule gives one path cannot both be copied: the second one's step fails for good, and names both and the template.
/// </remarks>
internal static class CopyCollision
{
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

    private static string Named(FileId file, string? path) => path is null ? $"{file}" : $"{file} ({PosixText.Show(path)})";
}
