using EventGrains.Contracts.Actions;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Silo.Actions.Copying;

/// <summary>What is copied, and where to; everything is checked that needs no look at a disk.</summary>
/// <param name="Template">What the rule makes the target of, for messages.</param>
/// <param name="Known">What events told of the content to copy; empty when the file has another content by now.</param>
internal sealed record CopyOrder(
    FileId File,
    Incarnation Incarnation,
    string SourceRoot,
    StoragePath Source,
    string TargetStorage,
    string TargetRoot,
    StoragePath Target,
    string Template,
    FileFacts Known)
{
    /// <summary>One name per target, whichever file and incarnation is copied there.</summary>
    /// <remarks>So two attempts for one target never run at once, not even those of two incarnations or of a file that took another's
    /// path; and what a crash left is found by whoever comes next. Bytes that are kept are always compared with the source.</remarks>
    public string PartName => PartFile.NameOf(TargetStorage, Target);

    public string PartPath => Target.Value[..(Target.Value.LastIndexOf('/') + 1)] + PartName;

    /// <exception cref="StepFailedException">The rule, the storages or the file's path do not allow a copy; final but for a path that is not known yet.</exception>
    public static CopyOrder From(ActionRequest request, Definitions definitions)
    {
        var file = request.File;
        var (to, path, template) = StepParameters.Replicate(request.ParametersJson, file, definitions);
        var source = definitions.Storage(file.Id.Storage);
        var target = definitions.Storage(to) ?? throw new StepFailedException($"there is no storage '{to}'; declare it, or correct 'to' in the rule", final: true);
        if (target.Role != StorageRole.Replica)
        {
            throw new StepFailedException($"the storage '{to}' is an origin; copies go to a storage with role: replica", final: true);
        }

        var incarnation = request.Claim.Step.Incarnation;
        return new CopyOrder(
            file.Id,
            incarnation,
            RootOf(source, file.Id.Storage),
            StoragePath.Parse("the source path", file.Facts.Path.Value ?? throw new StepFailedException("the file has no path yet; it is copied once an event locates it")),
            to,
            RootOf(target, to),
            StoragePath.Parse("the target path", path),
            template,
            file.Facts.Incarnation == incarnation ? file.Facts : FileFacts.Nothing);
    }

    private static string RootOf(StorageDefinition? storage, string name) => storage?.Root is { Length: > 0 } root
        ? root
        : throw new StepFailedException($"the storage '{name}' has no root, so its files cannot be reached as files here; give it a root, or take another action", final: true);
}
