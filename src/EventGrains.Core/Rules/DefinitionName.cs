namespace EventGrains.Rules;

/// <summary>What storages, sources, datasets and rules may be called: <c>[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?</c>.</summary>
/// <remarks>No colon, which ends the storage in a file's id; no slash, so that a name is one part of a URL.</remarks>
internal static class DefinitionName
{
    public const int LengthMax = 63;

    public const string Remedy = "write 1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit first and last";

    public static bool IsValid(string name) =>
        name.Length is > 0 and <= LengthMax && IsEnd(name[0]) && IsEnd(name[^1]) && name.All(c => IsEnd(c) || c is '-' or '.');

    private static bool IsEnd(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
