using System.Net;
using System.Text;
using System.Text.Json;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Client;

/// <summary>An answer that is an error (problem+json), as a person reads it and as a script sees it.</summary>
internal static class Problem
{
    public static VerbFailure ToFailure(HttpStatusCode status, string body)
    {
        var exitCode = (int)status switch
        {
            300 or 404 or 409 => ExitCode.NotFound,
            400 => ExitCode.Usage,
            _ => ExitCode.Failed,
        };
        return new VerbFailure(exitCode, Describe(status, body)) { IsUnknown = status == HttpStatusCode.NotFound };
    }

    public static string Describe(HttpStatusCode status, string body)
    {
        var text = new StringBuilder();
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                text.AppendJoin(": ", Parts(document.RootElement, "title", "detail"));
                text.AppendJoin("", Parts(document.RootElement, "remedy").Select(r => $"\n{r}"));
            }
        }
        catch (JsonException)
        {
            // Not ours: a proxy's page. Its status says more than its markup.
        }

        return text.Length > 0 ? text.ToString() : $"The server answered {(int)status} {status}.";
    }

    private static IEnumerable<string> Parts(JsonElement problem, params string[] names) =>
        names.Select(n => Printable.Of(problem.Text(n))).Where(t => t.Length > 0);
}
