using System.Collections.Immutable;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Silo.Actions;

/// <summary>Fills a step's parameters for one file, in the words of a failed step where that cannot be done.</summary>
internal static class StepParameters
{
    /// <exception cref="StepFailedException">The parameters are broken (final), or what they need of the file is not known yet.</exception>
    public static (string To, string Path, string Template) Replicate(string json, FileState file, Definitions definitions) => Read(json, ReplicateParameters.Read, parameters =>
        parameters.TryFillPath(file, definitions, out var path, out var error) ? (parameters.To, path, parameters.PathTemplate) : throw new StepFailedException(error));

    /// <exception cref="StepFailedException">As in <see cref="Replicate"/>.</exception>
    public static (ImmutableArray<string> Command, RunParameters Parameters) Run(string json, FileState file, Definitions definitions) => Read(json, RunParameters.Read, parameters =>
        parameters.Command.IsEmpty ? throw new RuleFormatException("run.command is empty", "give the program and its arguments as a list")
        : parameters.TryFillCommand(file, definitions, out var command, out var error) ? (command, parameters)
        : throw new StepFailedException(error));

    private static TFilled Read<T, TFilled>(string json, Func<string, T> read, Func<T, TFilled> fill)
    {
        try
        {
            return fill(read(json));
        }
        catch (RuleFormatException wrong)
        {
            throw new StepFailedException($"{wrong.Message}; correct the rule", final: true, wrong);
        }
    }
}
