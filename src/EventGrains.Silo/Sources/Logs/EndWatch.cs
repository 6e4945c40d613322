namespace EventGrains.Silo.Sources.Logs;

/// <summary>A reader's time at the end of a file: since when nothing new came, since when others have waited, and when to look again.</summary>
internal sealed class EndWatch(TimeProvider time)
{
    private long grownAt = time.GetTimestamp();
    private long? mayEndSince;
    private int looks;

    /// <summary>For how long looks at the end found nothing.</summary>
    public TimeSpan QuietFor => looks == 0 ? TimeSpan.Zero : time.GetElapsedTime(grownAt);

    /// <summary>Another file, or another part of one.</summary>
    public void Restart()
    {
        Grew();
        mayEndSince = null;
    }

    public void Grew() => (grownAt, looks) = (time.GetTimestamp(), 0);

    /// <summary>At the end, maybe for the first time; for how long it has not grown since.</summary>
    public TimeSpan Reached()
    {
        if (looks == 0)
        {
            Grew();
        }

        return time.GetElapsedTime(grownAt);
    }

    /// <summary>For how long the file might have ended and did not.</summary>
    public TimeSpan Waited(in EndSight sight)
    {
        mayEndSince = sight.MayEnd ? mayEndSince ?? time.GetTimestamp() : null;
        return mayEndSince is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;
    }

    /// <summary>How long to wait before the next look, which is the longer the less there is to see.</summary>
    public TimeSpan Quiet()
    {
        looks++;
        return TimeSpan.FromMilliseconds(Math.Min(5 << Math.Min(looks / 100, 6), 250));
    }
}
