namespace EventGrains.Gateway;

/// <summary>How long calls of one kind take now, so that a repeat comes when the answer is lost, and not when it is only slow: then it would add to what makes it slow.</summary>
/// <remarks>Answers that come late count too. A call that gets lost has none, so one silo that stands still does not put off the repeats.</remarks>
internal sealed class AnswerTimes
{
    /// <summary>A repeat waits for so many times what is usual.</summary>
    private const int Patience = 4;

    /// <summary>Weight of one answer: what is usual follows some hundred of them, which are a few requests.</summary>
    private const double Weight = 1.0 / 128;

    private readonly Lock door = new();
    private double usual;

    /// <summary>From <see cref="GrainCalls.AnswerFirst"/> to <see cref="GrainCalls.AnswerFirstMax"/>.</summary>
    public TimeSpan RepeatAfter
    {
        get
        {
            lock (door)
            {
                return TimeSpan.FromSeconds(Math.Clamp(Patience * usual, GrainCalls.AnswerFirst.TotalSeconds, GrainCalls.AnswerFirstMax.TotalSeconds));
            }
        }
    }

    public void Note(TimeSpan took)
    {
        lock (door)
        {
            usual += (took.TotalSeconds - usual) * Weight;
        }
    }
}
