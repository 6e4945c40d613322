using EventGrains.Cli.Output;

namespace EventGrains.Cli.Hosting;

/// <summary>Bearer tokens, one a line; empty lines and lines that begin with <c>#</c> are none.</summary>
internal static class TokenFile
{
    /// <summary>Shorter ones can be guessed.</summary>
    public const int TokenCharactersMin = 16;

    public static IReadOnlyList<string> Read(Surroundings surroundings, string file)
    {
        if (file.Length == 0)
        {
            return [];
        }

        string[] lines;
        try
        {
            lines = File.ReadAllLines(surroundings.PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailure(ExitCode.Usage, $"Cannot read --token-file '{Printable.Of(file)}': {e.Message}", e);
        }

        var tokens = lines.Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#').ToList();
        return tokens.Count == 0 || tokens.Any(t => t.Length < TokenCharactersMin)
            ? throw new VerbFailure(
                ExitCode.Usage,
                $"--token-file '{Printable.Of(file)}' must hold bearer tokens of at least {TokenCharactersMin} characters, one a line. Make one by: openssl rand -hex 32")
            : tokens;
    }
}
