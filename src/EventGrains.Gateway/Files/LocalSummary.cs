using EventGrains.Files;

namespace EventGrains.Gateway.Files;

/// <summary>Stands in for Core's summary until that is merged: then <see cref="FileJson.Summarise"/> asks Core, and this file goes.</summary>
internal static class LocalSummary
{
    public static (FileStatus Status, Existence Existence, Locality Locality) Of(FileState file)
    {
        var facts = file.Facts;
        var closed = facts.DeletedThrough is { } through && through >= facts.Incarnation;
        var existence = closed ? Existence.Deleted : facts.Existence.State;
        var present = facts.Replicas.Where(replica => replica.State == ReplicaState.Present).ToList();
        var disk = present.Count > 0;
        var tape = facts.TapeCopies.Length > 0;
        var locality = (disk, tape) switch
        {
            (true, true) => Locality.Both,
            (true, false) => Locality.Disk,
            (false, true) => Locality.Tape,
            _ => facts.Replicas.IsEmpty ? Locality.Unknown : Locality.None,
        };

        return (StatusOf(file, existence, present.Count, locality), existence, locality);
    }

    private static FileStatus StatusOf(FileState file, Existence existence, int present, Locality locality)
    {
        if (existence == Existence.Deleted)
        {
            return FileStatus.Deleted;
        }

        if (existence == Existence.Stored && locality == Locality.None)
        {
            return FileStatus.Lost;
        }

        var runs = file.Steps.Where(step => step.Action == "run" && step.Key.Incarnation == file.Facts.Incarnation).ToList();
        return runs.Count > 0 && runs.TrueForAll(step => step.State == StepState.Done) ? FileStatus.Processed
            : present > 1 ? FileStatus.Replicated
            : file.Facts.StagedAt != default && locality == Locality.Both ? FileStatus.Staged
            : existence switch
            {
                Existence.Stored => FileStatus.Stored,
                Existence.Uploading => FileStatus.Uploading,
                _ => FileStatus.Unknown,
            };
    }
}
