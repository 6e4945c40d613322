using System.Collections.Immutable;
using System.Globalization;
using EventGrains.Contracts.Actions;
using EventGrains.Rules;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>One command for one file, with all placeholders filled.</summary>
/// <param name="Program">The program's absolute path.</param>
/// <param name="Arguments">What follows the program's name; each reaches it as one argument, byte for byte.</param>
/// <param name="Environment"><c>NAME=VALUE</c>, and nothing else.</param>
internal sealed record CommandOrder(
    string Program,
    ImmutableArray<string> Arguments,
    ImmutableArray<string> Environment,
    TimeSpan Timeout,
    ImmutableArray<int> SuccessExitCodes)
{
    private const string PathDefault = "/usr/local/bin:/usr/bin:/bin";
    private const int MayRun = 1;

    /// <exception cref="StepFailedException">A placeholder has no value, or the program is not there.</exception>
    public static CommandOrder From(ActionRequest request, Definitions definitions)
    {
        var (words, parameters) = StepParameters.Run(request.ParametersJson, request.File, definitions);
        if (words.FirstOrDefault(word => !CanBeArgument(word)) is { } broken)
        {
            throw new StepFailedException($"'{PosixText.Show(broken)}' holds a NUL or a broken surrogate, which no argument can; rename the file or leave its name out", final: true);
        }

        var path = System.Environment.GetEnvironmentVariable("PATH") ?? PathDefault;
        return new CommandOrder(Find(words[0], path), words[1..], EnvironmentOf(request, definitions, path), parameters.Timeout, parameters.SuccessExitCodes);
    }

    private static ImmutableArray<string> EnvironmentOf(ActionRequest request, Definitions definitions, string path)
    {
        var file = request.File;
        var environment = ImmutableArray.CreateBuilder<string>();
        environment.Add($"PATH={path}");
        environment.Add($"HOME={System.Environment.GetEnvironmentVariable("HOME") ?? "/"}");
        environment.Add($"EVENTGRAINS_FILE_ID={file.Id}");
        environment.Add($"EVENTGRAINS_FILE_STORAGE={file.Id.Storage}");
        if (file.Facts.Size.Bytes is { } size)
        {
            environment.Add($"EVENTGRAINS_FILE_SIZE={size.ToString(CultureInfo.InvariantCulture)}");
        }

        if (file.Facts.Path.Value is { } filePath)
        {
            environment.Add($"EVENTGRAINS_FILE_PATH={filePath}");
            if (definitions.Storage(file.Id.Storage)?.Root is { Length: > 0 } root)
            {
                environment.Add($"EVENTGRAINS_FILE_LOCAL={root.TrimEnd('/')}{StoragePath.Parse("the file's path", filePath).Value}");
            }
        }

        return environment.FirstOrDefault(variable => !CanBeArgument(variable)) is { } broken
            ? throw new StepFailedException($"'{PosixText.Show(broken)}' holds a NUL or a broken surrogate, which no variable can; rename the file", final: true)
            : environment.ToImmutable();
    }

    /// <summary>Looks the program up here, so that a missing one is told apart from one that ends with code 127.</summary>
    private static string Find(string program, string path)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return program[0] == '/' ? RequireProgram(program, $"the command {PosixText.Show(program)} is not there or may not be run; install it, or correct the rule")
                : throw new StepFailedException($"the command '{PosixText.Show(program)}' is a relative path; write an absolute path, or a name to be looked up in PATH", final: true);
        }

        return path.Split(':').Where(directory => directory.StartsWith('/')).Select(directory => $"{directory.TrimEnd('/')}/{program}").FirstOrDefault(IsProgram) is { } found
            ? RequireProgram(found, "")
            : throw new StepFailedException($"the command '{PosixText.Show(program)}' is not found in PATH ({path}); install it, or write its absolute path");
    }

    private static string RequireProgram(string program, string otherwise) =>
        !IsProgram(program) ? throw new StepFailedException(otherwise)
        // The launcher takes NAME=VALUE words for the environment until the first word that is none.
        : program.Contains('=', StringComparison.Ordinal) ? throw new StepFailedException($"the command {PosixText.Show(program)} has a '=' in its path; rename it", final: true)
        : program;

    private static bool IsProgram(string program) => !Directory.Exists(program) && SystemCalls.Access(PosixText.Encode(program), MayRun) == 0;

    private static bool CanBeArgument(string word)
    {
        try
        {
            _ = PosixText.Encode(word);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
