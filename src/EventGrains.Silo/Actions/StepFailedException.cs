using EventGrains.Contracts.Actions;

namespace EventGrains.Silo.Actions;

/// <summary>An attempt cannot go on; becomes a failed <see cref="StepOutcome"/>. The message says what went wrong and what to do.</summary>
/// <param name="final">True when trying again cannot help until somebody changes the rule, the storage or the file.</param>
internal sealed class StepFailedException(string message, bool final = false, Exception? inner = null) : Exception(message, inner)
{
    public bool Final { get; } = final;

    /// <summary>Another attempt has what this one needs: not a failure, and not counted as one.</summary>
    public bool IsBusy { get; private init; }

    public StepOutcome Outcome => new(false, Message, Final, PutOff: IsBusy);

    public static StepFailedException Busy(string reason) => new($"busy: {reason}; looked at again later") { IsBusy = true };
}
