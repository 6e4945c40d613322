using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Copying;

internal static class StorageRoot
{
    /// <summary>Opens a storage's root, following links: an administrator named it. Not final when it is away: a mount may come back.</summary>
    public static OpenFile Open(string root)
    {
        try
        {
            return OpenFile.Open(root, OpenMode.Root);
        }
        catch (PosixException missing)
        {
            throw new StepFailedException($"{missing.Message}; create or mount the storage's root", inner: missing);
        }
    }
}
