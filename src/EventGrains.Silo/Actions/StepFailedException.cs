namespace EventGrains.Silo.Actions;

/// <summary>An attempt cannot go on; becomes a failed <see cref="Contracts.Actions.StepOutcome"/>. The message says what went wrong and what to do.</summary>
/// <param name="final">True when trying again cannot help until somebody changes the rule, the storage or the file.</param>
internal sealed class StepFailedException(string message, bool final = false, Exception? inner = null) : Exception(message, inner)
{
    public bool Final { get; } = final;
}
