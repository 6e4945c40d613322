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
    /// <remarks>A path is data, a filter is a glob: its signs become <c>?</c>, which lets a little more through, and the caller looks again.</remarks>
    public static TransitionFilter FilterOf(FileReference file) =>
        file.IsPath ? new TransitionFilter { Paths = [Literal(file.Rest)] } : new TransitionFilter { Id = file.Text };

    public static bool IsAbout(FileReference file, string transition)
    {
        using var document = JsonDocument.Parse(transition);
        return file.IsNamedIn(document.RootElement);
    }

    private static string Literal(string path) => string.Concat(path.Select(c => c is '*' or '{' or '}' or '[' or ']' or '\\' ? '?' : c));
}
