namespace EventGrains.Silo.Sources.Logs;

/// <summary>How many of the last records could not be read: a source whose format is wrong stops itself instead of filling the dead letters.</summary>
internal sealed class UnreadableWindow
{
    public const int Records = 1_000;

    /// <summary>5 % of the window.</summary>
    public const int UnreadableMax = Records / 20;

    private readonly bool[] unreadable = new bool[Records];
    private int place;
    private long read;
    private bool skipping;

    public int Unreadable { get; private set; }

    /// <summary>More than the bound, and nobody said to skip.</summary>
    public bool IsExceeded => Unreadable > UnreadableMax && !skipping;

    public void Add(bool isUnreadable)
    {
        Unreadable += (isUnreadable ? 1 : 0) - (unreadable[place] ? 1 : 0);
        unreadable[place] = isUnreadable;
        place = place + 1 == Records ? 0 : place + 1;
        read++;

        // It has read on: a full window with few unreadable records.
        skipping &= read < Records || Unreadable > UnreadableMax;
    }

    /// <param name="skip">Until a window was read in which few are unreadable, their share no longer counts.</param>
    public void Restart(bool skip)
    {
        Array.Clear(unreadable);
        Unreadable = 0;
        read = 0;
        skipping = skip;
    }
}
