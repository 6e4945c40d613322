using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using EventGrains.Files;

namespace EventGrains.Rules;

/// <summary>
/// A text with placeholders that a file fills: <c>{path}</c> (relative to its storage's root, beginning with <c>/</c>),
/// <c>{id}</c>, <c>{size}</c> (bytes), <c>{storage}</c>, and in arguments of commands also <c>{file}</c> (the file's own absolute
/// path on this machine, if its storage has a root) and <c>{replica.STORAGE.path}</c>, <c>{replica.STORAGE.file}</c> (the same
/// two of its copy there). <c>{{</c> and <c>}}</c> are the braces themselves.
/// </summary>
/// <remarks>What fills a placeholder is taken verbatim, whatever it holds, and never read as a template itself: newlines, <c>$(x)</c> and braces in names pass through.</remarks>
public sealed class PlaceholderTemplate
{
    private static readonly string[] OfFile = ["path", "id", "size", "storage"];
    private static readonly string[] OfArguments = [.. OfFile, "file", "replica.STORAGE.path", "replica.STORAGE.file"];

    private readonly string field;
    private readonly PathPattern? match;
    private readonly Piece[] pieces;

    private PlaceholderTemplate(string text, string field, PathPattern? match, Func<string, Piece> placeholder)
    {
        (Text, this.field, this.match) = (text, field, match);
        pieces = [.. BraceText.Read(text).Select(p => p.Name is null ? new Piece(Kind.Literal, p.Literal!) : placeholder(p.Name))];
    }

    private enum Kind : byte
    {
        Literal,
        Path,
        Id,
        Size,
        Storage,
        File,
        ReplicaPath,
        ReplicaFile,
        Capture,
    }

    public string Text { get; }

    /// <summary>The storages whose copies the text names.</summary>
    public ImmutableArray<string> Storages =>
        [.. pieces.Where(p => p.Kind is Kind.ReplicaPath or Kind.ReplicaFile).Select(p => p.Text).Distinct()];

    /// <summary>The storages whose copies the text needs as files on this machine.</summary>
    internal IEnumerable<string> StoragesOfFiles => pieces.Where(p => p.Kind == Kind.ReplicaFile).Select(p => p.Text);

    /// <summary>Whether the text needs the file itself on this machine.</summary>
    public bool UsesFile => pieces.Any(p => p.Kind == Kind.File);

    internal bool UsesCaptures => pieces.Any(p => p.Kind == Kind.Capture);

    /// <summary>A template for one argument of a command.</summary>
    /// <exception cref="RuleFormatException">A lone brace, or a placeholder that is not known.</exception>
    public static PlaceholderTemplate ForArgument(string text) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new RuleFormatException($"{Quote.Text(text)} holds a NUL, which no argument can", "remove it")
            : new PlaceholderTemplate(text, "run.command", match: null, PlaceholderOfArgument);

    /// <summary>A template for a copy's path, such as <c>/archive/{run}{path}</c>; it may also use the captures of <paramref name="match"/>.</summary>
    /// <exception cref="RuleFormatException">A lone brace, a placeholder that is neither known nor captured, or a text that makes no normalised absolute path.</exception>
    public static PlaceholderTemplate ForReplicaPath(string text, PathPattern? match)
    {
        var template = new PlaceholderTemplate(text, "replicate.path", match, name => PlaceholderOfPath(name, match));
        var sample = string.Concat(template.pieces.Select(p => p.Kind switch { Kind.Literal => p.Text, Kind.Path => "/x", _ => "x" }));
        return WrongInPath(sample) is { } wrong
            ? throw new RuleFormatException($"{Quote.Text(text)} {wrong}", "write a path such as /archive{path}; {path} begins with a '/' itself")
            : template;
    }

    /// <summary>Fills the template for one file.</summary>
    /// <param name="error">The field and what cannot be filled, and why: the file is not located, has no copy there, or the path would leave its root.</param>
    public bool TryFill(FileState file, Definitions definitions, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? error)
    {
        text = null;
        var filled = new StringBuilder();
        foreach (var piece in pieces)
        {
            var (value, why) = ValueOf(piece, file, definitions);
            if (value is null)
            {
                error = $"{field} {Quote.Text(Text)} cannot be filled: {why}";
                return false;
            }

            filled.Append(value);
        }

        var whole = filled.ToString();
        var wrong = field == "replicate.path" ? WrongInPath(whole) : whole.Contains('\0', StringComparison.Ordinal) ? "holds a NUL" : null;
        if (wrong is not null)
        {
            error = $"{field} {Quote.Text(Text)} gives {Quote.Text(whole)}, which {wrong}";
            return false;
        }

        (text, error) = (whole, null);
        return true;
    }

    private (string? Value, string Why) ValueOf(Piece piece, FileState file, Definitions definitions) => piece.Kind switch
    {
        Kind.Literal => (piece.Text, ""),
        Kind.Id => (file.Id.ToString(), ""),
        Kind.Storage => (file.Id.Storage, ""),
        Kind.Size => (file.Facts.Size.Bytes?.ToString(CultureInfo.InvariantCulture), "the file's size is not known yet"),
        Kind.Path => (file.Facts.Path.Value, "the file is not located yet"),
        Kind.File => file.Facts.Path.Value is { } path ? Below(file.Id.Storage, path, definitions) : (null, "the file is not located yet"),
        Kind.ReplicaPath => (CopyIn(piece.Text, file), $"the file has no copy present in storage '{piece.Text}'"),
        Kind.ReplicaFile => CopyIn(piece.Text, file) is { } path ? Below(piece.Text, path, definitions) : (null, $"the file has no copy present in storage '{piece.Text}'"),
        _ => Captured(piece.Text, file),
    };

    /// <summary>The path on this machine; paths come from events, and one with <c>..</c> would leave the root.</summary>
    private static (string? Value, string Why) Below(string storage, string path, Definitions definitions)
    {
        if (definitions.Storage(storage)?.Root is not { } root)
        {
            return (null, $"storage '{storage}' has no root");
        }

        return WrongInPath(path) is { } wrong ? (null, $"the path {Quote.Text(path)} {wrong}") : (root.TrimEnd('/') + path, "");
    }

    private static string? CopyIn(string storage, FileState file)
    {
        foreach (var replica in file.Facts.Replicas)
        {
            if (replica.Storage == storage && replica.State == ReplicaState.Present && replica.Path is not null)
            {
                return replica.Path;
            }
        }

        return null;
    }

    private (string? Value, string Why) Captured(string capture, FileState file)
    {
        Span<Range> found = stackalloc Range[PathPattern.CapturesMax];
        return file.Facts.Path.Value is { } path && match!.Match(path, found)
            ? (path[found[match.Captures.IndexOf(capture)]], "")
            : (null, $"the file's path does not match when.path {Quote.Text(match!.Text)} any more");
    }

    private static Piece PlaceholderOfArgument(string name)
    {
        if (KindOf(name) is { } kind)
        {
            return new Piece(kind, name);
        }

        const string Copy = "replica.";
        if (name == "file")
        {
            return new Piece(Kind.File, name);
        }

        var isFile = name.EndsWith(".file", StringComparison.Ordinal);
        if (name.StartsWith(Copy, StringComparison.Ordinal)
            && (isFile || name.EndsWith(".path", StringComparison.Ordinal))
            && name.Length > Copy.Length + ".path".Length
            && DefinitionName.IsValid(name[Copy.Length..^".path".Length]))
        {
            return new Piece(isFile ? Kind.ReplicaFile : Kind.ReplicaPath, name[Copy.Length..^".path".Length]);
        }

        throw Unknown(name, OfArguments);
    }

    private static Piece PlaceholderOfPath(string name, PathPattern? match)
    {
        var isCapture = match is not null && match.Captures.Contains(name);
        if (KindOf(name) is { } kind)
        {
            return isCapture
                ? throw new RuleFormatException($"'{{{name}}}' is a capture of when.path and a placeholder", "give the capture another name")
                : new Piece(kind, name);
        }

        return isCapture ? new Piece(Kind.Capture, name) : throw Unknown(name, [.. OfFile, .. match?.Captures ?? []]);
    }

    private static Kind? KindOf(string name) => name switch
    {
        "path" => Kind.Path,
        "id" => Kind.Id,
        "size" => Kind.Size,
        "storage" => Kind.Storage,
        _ => null,
    };

    private static RuleFormatException Unknown(string name, string[] known) =>
        new($"{Quote.Text($"{{{name}}}")} is no placeholder", $"{Similar.Remedy(name, known, "known are")}{(Similar.To(name, known) is null ? "; write {{ and }} for the braces themselves" : "")}");

    private static string? WrongInPath(string path)
    {
        if (!path.StartsWith('/'))
        {
            return "does not begin with '/'";
        }

        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return "holds a NUL";
        }

        foreach (var part in path.AsSpan(1).Split('/'))
        {
            switch (path.AsSpan(1)[part])
            {
                case "":
                    return "has an empty part between or after slashes";
                case "." or "..":
                    return "has a '.' or '..' part";
            }
        }

        return null;
    }

    /// <param name="Text">The literal, the storage of a copy, or the capture's name.</param>
    private readonly record struct Piece(Kind Kind, string Text);
}
