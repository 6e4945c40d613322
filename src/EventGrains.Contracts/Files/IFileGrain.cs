using Orleans.Concurrency;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;

namespace EventGrains.Contracts.Files;

/// <summary>One file, for whoever works on it. Keyed <c>f:STORAGE:NATIVE</c>. Never changes the file: its shard does.</summary>
[Alias("EventGrains.IFileGrain"), Version(1)]
public interface IFileGrain : IGrainWithStringKey
{
    /// <summary>The file's durable state; null when no event ever named it.</summary>
    [Alias("Get"), AlwaysInterleave]
    Task<FileState?> Get();

    /// <summary>Its transitions in the order of their versions, after version <paramref name="after"/>.</summary>
    [Alias("GetHistory"), AlwaysInterleave]
    Task<IReadOnlyList<LoggedTransition>> GetHistory(int after, int limit);

    /// <summary>Claims a step and starts its action, without waiting for its end; false when there is nothing to start: done, superseded, or another attempt holds it.</summary>
    [Alias("Run"), AlwaysInterleave]
    Task<bool> Run(StepKey step);

    /// <summary>A long attempt calls this before its deadline, to move it on; null when the attempt is no longer the newest: stop the work.</summary>
    [Alias("Extend"), AlwaysInterleave]
    Task<StepClaim?> Extend(StepClaim claim);

    /// <summary>An action reports here; false when the attempt is too old, and then nothing is changed.</summary>
    [Alias("Conclude"), AlwaysInterleave]
    Task<bool> Conclude(StepClaim claim, StepOutcome outcome);

    /// <summary>Puts failed steps back to waiting: all, or those of one rule. Returns how many.</summary>
    [Alias("Retry"), AlwaysInterleave]
    Task<int> Retry(string? rule);
}

public static class FileGrains
{
    /// <summary>The grain of a file. Its key carries a prefix: ids that look like numbers must never be taken for numbers.</summary>
    public static IFileGrain GetFile(this IGrainFactory grains, FileId id) => grains.GetGrain<IFileGrain>($"f:{id}");

    public static FileId IdOf(string key) => FileId.Parse(key[2..]);

    /// <summary>False for a key that is no file's.</summary>
    public static bool TryIdOf(string key, out FileId file)
    {
        file = default;
        return key.StartsWith("f:", StringComparison.Ordinal) && FileId.TryParse(key[2..], out file);
    }
}
