using EventGrains.Contracts.Actions;

namespace EventGrains.Silo.Actions;

/// <summary>An attempt cannot go on; becomes a failed <see cref="StepOutcome"/>. The message says what went wrong and what to do.</summary>
/// <param name="final">True when trying again cannot help until somebody changes the rule, the storage or the file.</param>
internal sealed class StepFailedException(string message, bool final = false, Exception? inner = null) : Exception(message, inner)
{
    public bool Final { get; } = final;

    /// <summary>What this attempt needs is not to be had now: not a failure, and not counted as one.</summary>
    public bool IsPutOff { get; private init; }

    public StepOutcome Outcome => new(false, Message, Final, PutOff: IsPutOff);

    public static StepFailedException Busy(string reason) => new($"busy: {reason}; looked at again later") { IsPutOff = true };

    /// <summary>No silo is there that sees what it works on: it waits for as long as that takes.</summary>
    public static StepFailedException Unseen(string reason) => new($"waits: {reason}; looked at again later") { IsPutOff = true };
}
