namespace EventGrains.LoadTest.Oracle;

/// <summary>What went wrong in a run; nothing, if all is as it must be. May be told from several threads.</summary>
internal sealed class Verdict
{
    /// <summary>So many findings are worded; further ones are only counted.</summary>
    public const int ExamplesMax = 20;

    private readonly List<string> _examples = [];
    private long _lost;
    private long _repeated;
    private long _wrongStates;
    private long _others;

    /// <summary>Facts that acknowledged events stated and the state does not hold.</summary>
    public long Lost => _lost;

    /// <summary>Transitions that came twice, were left out, or came out of their file's order.</summary>
    public long Repeated => _repeated;

    /// <summary>Files whose state is not the oracle's.</summary>
    public long WrongStates => _wrongStates;

    /// <summary>Anything else: a step that did not end, a file that is not mirrored.</summary>
    public long Others => _others;

    public bool IsGood => Lost == 0 && Repeated == 0 && WrongStates == 0 && Others == 0;

    public IReadOnlyList<string> Examples => _examples;

    public void AddLost(long facts, string example) => Note(ref _lost, facts, example);

    public void AddRepeated(string example) => Note(ref _repeated, 1, example);

    public void AddWrongState(string example) => Note(ref _wrongStates, 1, example);

    public void AddOther(string example) => Note(ref _others, 1, example);

    public void Add(Verdict other)
    {
        _lost += other._lost;
        _repeated += other._repeated;
        _wrongStates += other._wrongStates;
        _others += other._others;
        _examples.AddRange(other._examples.Take(ExamplesMax - _examples.Count));
    }

    private void Note(ref long count, long more, string example)
    {
        lock (_examples)
        {
            count += more;
            if (_examples.Count < ExamplesMax)
            {
                _examples.Add(example);
            }
        }
    }
}
