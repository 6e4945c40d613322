using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>What <c>run</c> is told.</summary>
/// <param name="Command">The program and its arguments, each a template (<see cref="PlaceholderTemplate.ForArgument"/>); never a shell's line.</param>
/// <param name="Timeout">At this the command's process group is ended.</param>
/// <param name="SuccessExitCodes">All others are failures.</param>
public sealed record RunParameters(ImmutableArray<string> Command, TimeSpan Timeout, ImmutableArray<int> SuccessExitCodes)
{
    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(10);

    /// <summary>The longest time limit of a command.</summary>
    public static readonly TimeSpan TimeoutMax = TimeSpan.FromDays(7);

    /// <exception cref="RuleFormatException">Not the parameters of a run step; the message names the field.</exception>
    public static RunParameters Read(string parametersJson)
    {
        using var parameters = new ActionParameters("run", parametersJson);
        return new RunParameters(
            parameters.List("command", item => item.GetString()!) ?? throw ActionParameters.Wrong("run.command", "is missing"),
            parameters.Text("timeout") is { } timeout ? ReadTimeout(timeout) : TimeoutDefault,
            parameters.List("successExitCodes", item => item.GetInt32()) ?? [0]);
    }

    /// <summary>The program and its arguments for this file.</summary>
    /// <param name="error">The argument and why it cannot be filled for this file.</param>
    public bool TryFillCommand(FileState file, Definitions definitions, out ImmutableArray<string> command, [NotNullWhen(false)] out string? error)
    {
        var filled = ImmutableArray.CreateBuilder<string>(Command.Length);
        foreach (var argument in Command)
        {
            if (!PlaceholderTemplate.ForArgument(argument).TryFill(file, definitions, out var text, out error))
            {
                command = [];
                return false;
            }

            filled.Add(text);
        }

        (command, error) = (filled.MoveToImmutable(), null);
        return true;
    }

    internal static TimeSpan ReadTimeout(string text)
    {
        var timeout = DurationText.Parse(text);
        return timeout > TimeSpan.Zero && timeout <= TimeoutMax
            ? timeout
            : throw new RuleFormatException($"{Quote.Text(text)} is no time limit", $"write a duration from 1ms to {DurationText.Format(TimeoutMax)}");
    }
}
