using EventGrains.Events;

namespace EventGrains.Gateway.Events;

/// <summary>What became of a body of records: all that were accepted are durable.</summary>
/// <param name="Accepted">Records, not events: one S3 notification may hold many. Repeats are accepted, and so are records that prove nothing.</param>
/// <param name="Rejections">At most 100, in the order of their lines.</param>
internal sealed record IntakeAnswer(int Accepted, int Rejected, IReadOnlyList<RejectionView> Rejections, int RejectionsOmitted);

/// <param name="Line">The line of the body, or the place in a batch; from 1.</param>
internal sealed record RejectionView(int Line, string Field, string Reason, string Remedy)
{
    public static RejectionView Of(int line, Rejection rejection) => new(line, rejection.Field, rejection.Reason, rejection.Remedy);
}
