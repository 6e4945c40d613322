using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Actions;

/// <summary>A path under a storage's root that cannot name anything outside it.</summary>
internal sealed class StoragePath
{
    /// <summary>How the name of a file that is still being copied ends; sources do not announce such files.</summary>
    public const string PartSuffix = ".eventgrains-part";

    private StoragePath(string value)
    {
        Value = value;
        Parts = value[1..].Split('/');
    }

    /// <summary>Begins with <c>/</c>.</summary>
    public string Value { get; }

    public string Relative => Value[1..];

    public IReadOnlyList<string> Parts { get; }

    /// <exception cref="StepFailedException">Final: the path is not one that a file can have.</exception>
    public static StoragePath Parse(string what, string value)
    {
        StepFailedException Refused(string reason) => new($"{what} '{PosixText.Show(value)}' {reason}", final: true);

        if (value.Length < 2 || value[0] != '/')
        {
            throw Refused("does not begin with '/' and a name; write it from the storage's root");
        }

        foreach (var part in value[1..].Split('/'))
        {
            if (part is "" or "." or "..")
            {
                throw Refused("has an empty, '.' or '..' part; write the plain path from the storage's root");
            }

            if (part.EndsWith(PartSuffix, StringComparison.Ordinal))
            {
                throw Refused($"ends in {PartSuffix}, which is kept for unfinished copies; choose another name");
            }
        }

        try
        {
            _ = PosixText.Encode(value);
        }
        catch (ArgumentException wrong)
        {
            throw new StepFailedException($"{what}: {wrong.Message}; rename the file", final: true, wrong);
        }

        return new StoragePath(value);
    }

    /// <summary>For messages.</summary>
    public override string ToString() => PosixText.Show(Value);
}
