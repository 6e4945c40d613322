using System.CommandLine;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Verbs;

/// <summary>A file as the user names it: <c>STORAGE:NATIVE</c> by its id, or <c>STORAGE:/PATH</c> by its path.</summary>
internal sealed record FileReference(string Text, string Storage, string Rest)
{
    /// <summary>A native id never begins with a slash, a path always does.</summary>
    public bool IsPath => Rest.StartsWith('/');

    public string Address => AddressOf(Text);

    public static Argument<FileReference> Argument() => new("FILE")
    {
        HelpName = "ID|STORAGE:/PATH",
        Description = "The file: its id (STORAGE:NATIVE), or its path in a storage (STORAGE:/PATH).",
        CustomParser = result =>
        {
            if (TryParse(result.Tokens[0].Value) is { } file)
            {
                return file;
            }

            result.AddError($"'{Printable.Of(result.Tokens[0].Value)}' names no file. Write its id (STORAGE:NATIVE) or STORAGE:/PATH.");
            return null;
        },
    };

    public static FileReference? TryParse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || colon == text.Length - 1 ? null : new FileReference(text, text[..colon], text[(colon + 1)..]);
    }

    public static string AddressOf(string id) => $"/v1/files/{Uri.EscapeDataString(id)}";

    /// <summary>The id, asked of the server when the user gave a path.</summary>
    public async Task<string> ResolveId(ServerClient server, CancellationToken ct)
    {
        if (!IsPath)
        {
            return Text;
        }

        using var file = JsonDocument.Parse(await server.Get(Address, ct));
        return file.RootElement.Text("id");
    }

    /// <summary>Whether a file or a transition, as JSON, is about this file.</summary>
    public bool IsNamedIn(JsonElement item) =>
        IsPath ? item.Text("storage") == Storage && item.Text("path") == Rest : item.Text("id") == Text;
}
