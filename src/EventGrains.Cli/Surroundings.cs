namespace EventGrains.Cli;

/// <summary>What one run of the program stands in: streams, environment, directory, clock. A test gives its own.</summary>
internal sealed record Surroundings
{
    public required Stream Input { get; init; }

    /// <summary>Answers only, so that a script may read it.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Messages, progress, logs.</summary>
    public required TextWriter Error { get; init; }

    public bool OutputIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string Directory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public string? Variable(string name) => Environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    public string PathOf(string path) => Path.GetFullPath(path, Directory);
}
