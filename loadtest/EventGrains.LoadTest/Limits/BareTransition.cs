using System.Collections.Immutable;
using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>What the bare loop writes to the log: the product's own transition, with the least that is true.</summary>
internal static class BareTransition
{
    private static readonly ImmutableArray<TransitionKind> Changed = [TransitionKind.Stored];

    public static Transition Of(BareFile file, in BareRecord record, DateTime now) => new()
    {
        Id = file.Id,
        Path = file.Path,
        Version = file.Version,
        Kind = TransitionKind.Stored,
        Changes = Changed,
        Status = file.IsDeleted ? FileStatus.Deleted : FileStatus.Stored,
        Existence = file.IsDeleted ? Existence.Deleted : Existence.Stored,
        Locality = Locality.Disk,
        Size = file.Size,
        At = now,
        Cause = new Cause("bare", "0", null, record.IsTransfer ? "transfer" : "request"),
        Datasets = file.Datasets,
    };
}
