namespace EventGrains.LiveTests;

/// <summary>They take a machine for themselves, and run one after the other when all others have ended.</summary>
[CollectionDefinition(nameof(AloneOnTheMachine), DisableParallelization = true)]
public sealed class AloneOnTheMachine;
