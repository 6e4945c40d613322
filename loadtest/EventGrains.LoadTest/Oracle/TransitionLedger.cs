using System.Collections.Concurrent;

namespace EventGrains.LoadTest.Oracle;

/// <summary>Keeps what one subscriber saw, and finds transitions that came twice, not at all, or out of their file's order.</summary>
/// <param name="fromFirst">Without a path filter every file must begin with version 1; with one it begins where the file was located.</param>
internal sealed class TransitionLedger(string name, bool fromFirst, Verdict verdict)
{
    private readonly ConcurrentDictionary<string, int> _last = new(StringComparer.Ordinal);
    private long _transitions;

    public string Name => name;

    public long Transitions => Volatile.Read(ref _transitions);

    public int Files => _last.Count;

    /// <summary>0 when none came.</summary>
    public int LastVersion(string file) => _last.GetValueOrDefault(file);

    /// <summary>Called by one thread.</summary>
    public void Add(string file, int version)
    {
        Interlocked.Increment(ref _transitions);
        if (!_last.TryGetValue(file, out var last))
        {
            if (fromFirst && version != 1)
            {
                verdict.AddRepeated($"{name}: {file} begins with version {version}");
            }
        }
        else if (version <= last)
        {
            verdict.AddRepeated($"{name}: {file} version {version} came after version {last}");
            return;
        }
        else if (version > last + 1)
        {
            verdict.AddRepeated($"{name}: {file} versions {last + 1} to {version - 1} did not come");
        }

        _last[file] = version;
    }

    /// <summary>At the end: the file's last transition must have come.</summary>
    public void CompareEnd(string file, int version)
    {
        if (LastVersion(file) != version)
        {
            verdict.AddRepeated($"{name}: {file} is at version {version}, and the last that came is {LastVersion(file)}");
        }
    }
}
