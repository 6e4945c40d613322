namespace EventGrains.Files;

/// <summary>What the namespace says of a file. The order is the merge: within one incarnation the later in this list holds, and <see cref="Deleted"/> is final.</summary>
public enum Existence : byte
{
    Unknown,
    Uploading,
    Stored,
    Deleted,
}

/// <summary>What can be said of one copy. The order is the tie rule: of two statements with one time stamp, the later in this list holds.</summary>
public enum ReplicaState : byte
{
    Unknown,
    Copying,
    Present,
    Corrupt,
    Removed,
}

/// <summary>Where a file can be read from. Always derived, never stored.</summary>
public enum Locality : byte
{
    Unknown,
    Disk,
    Tape,
    Both,
    Staging,
    None,
}

/// <summary>The one word a person sees; derived from facts and work, beside all facets, never instead of them.</summary>
public enum FileStatus : byte
{
    Unknown,
    Uploading,
    Stored,
    Staged,
    Replicated,
    Processed,
    Lost,
    Deleted,
}

public enum StepState : byte
{
    Waiting,
    Running,
    Done,
    Failed,
    Cancelled,
    Superseded,
}

/// <summary>What a transition is called by, and what it lists as changed. The order is from least to most telling: a transition's kind is the last of its changes.</summary>
public enum TransitionKind : byte
{
    ChecksumAdded,
    SizeKnown,
    Step,
    Located,
    Renamed,
    Rewritten,
    ReplicaAdded,
    ReplicaRemoved,
    ReplicaCorrupt,
    Uploading,
    Found,
    Evicted,
    Flushed,
    Stored,
    Staged,
    Replicated,
    Processed,
    Lost,
    Deleted,
}
