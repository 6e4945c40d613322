namespace EventGrains.Contracts.Transitions;

/// <summary>Names of the Orleans streams that carry transitions, each event a <see cref="LoggedTransition"/>.</summary>
/// <remarks>
/// Delivery is at least once, per file in the order of versions: drop the versions that you have seen. A token's number is the sequence of
/// the file's shard (0 is before the earliest kept), so a consumer that subscribes or resumes with one is given all that the log keeps from there.
/// What fails <c>streamAttemptsMax</c> times is parked (<see cref="IParkedDeliveriesGrain"/>) and the stream goes on.
/// </remarks>
public static class TransitionStreams
{
    /// <summary>The provider, where a silo was given no other name for it.</summary>
    public const string Provider = "transitions";

    /// <summary>Namespace of a file's stream; the key is the file's id as text.</summary>
    public const string Files = "files";

    /// <summary>Namespace of a dataset's stream: the transitions of the files that are in it, in the public order; the key is its name.</summary>
    public const string Datasets = "datasets";
}
