using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

/// <summary><c>file watch</c>: prints the transitions of one file as they are committed.</summary>
internal static class FileWatch
{
    public static Verb Create(Surroundings surroundings)
    {
        var file = FileReference.Argument();
        var from = EventVerbs.From();
        var retryFor = EventVerbs.RetryFor();
        return new Verb("watch", "Prints the transitions of one file as JSON lines, until it is ended.", "eventgrains file watch inbox:/run42.h5")
            .With(file, from, retryFor)
            .Asks(surroundings, (asking, ct) =>
            {
                var reference = asking.Value(file);
                var filter = FilterOf(reference) with { From = asking.Value(from) };
                return EventVerbs.Print(asking, filter, transition => IsAbout(reference, transition), long.MaxValue, asking.Value(retryFor), ct);
            });
    }

    /// <summary>The narrowest filter that surely lets the file's transitions through.</summary>
    /// <remarks>
    /// A path is data, a filter is a glob: its signs become <c>?</c>, which lets a little more through, and the caller looks again.
    /// For an id there is no filter: its path may not be known yet, and a rename would lead out of it. So all transitions are heard.
    /// </remarks>
    public static TransitionFilter FilterOf(FileReference file) =>
        file.IsPath ? new TransitionFilter { Paths = [Literal(file.Rest)] } : new TransitionFilter();

    public static bool IsAbout(FileReference file, string transition)
    {
        // Most transitions are of other files; those need no parsing.
        if (!file.IsPath && IsWrittenPlainly(file.Text) && !transition.Contains(file.Text, StringComparison.Ordinal))
        {
            return false;
        }

        using var document = JsonDocument.Parse(transition);
        return file.IsNamedIn(document.RootElement);
    }

    // Every JSON writer leaves these as they are.
    private static bool IsWrittenPlainly(string id) => id.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '-' or '_' or '.');

    private static string Literal(string path) => string.Concat(path.Select(c => c is '*' or '{' or '}' or '[' or ']' or '\\' ? '?' : c));
}
