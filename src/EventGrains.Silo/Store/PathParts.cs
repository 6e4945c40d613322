namespace EventGrains.Silo.Store;

/// <summary>A path's directory, without the slash at its end, and the name in it.</summary>
internal readonly ref struct PathParts(ReadOnlySpan<char> directory, ReadOnlySpan<char> name)
{
    private readonly ReadOnlySpan<char> directory = directory;
    private readonly ReadOnlySpan<char> name = name;

    public static PathParts Of(ReadOnlySpan<char> path)
    {
        var slash = path.LastIndexOf('/');
        return new PathParts(slash < 0 ? default : path[..slash], path[(slash + 1)..]);
    }

    public void Deconstruct(out ReadOnlySpan<char> directory, out ReadOnlySpan<char> name)
    {
        directory = this.directory;
        name = this.name;
    }
}
