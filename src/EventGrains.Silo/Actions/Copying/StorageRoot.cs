using EventGrains.Silo.Actions.Posix;

namespace EventGrains.Silo.Actions.Copying;

internal static class StorageRoot
{
    /// <summary>Opens a storage's root, following links: an administrator named it. Not final when it is away: a mount may come back.</summary>
    public static PosixFile Open(string root)
    {
        try
        {
            return PosixFile.Open(root, OpenMode.Root);
        }
        catch (PosixException missing)
        {
            throw new StepFailedException($"{missing.Message}; create or mount the storage's root", inner: missing);
        }
    }
}
