namespace EventGrains.Rules;

internal sealed class SourceReader(Lint lint, KnownStorages storages)
{
    private static readonly Dictionary<string, SourceType> Types = new()
    {
        ["http"] = SourceType.Http,
        ["log"] = SourceType.Log,
        ["directory"] = SourceType.Directory,
    };

    public SourceDefinition? Read(Declaration declaration)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, declaration.Spec, "spec", required: ["type", "storage"], optional: ["format", "files", SilosReader.Key]) is not { } fields)
        {
            return null;
        }

        var type = fields.Word("type", Types);
        var format = ReadFormat(fields, type);
        var storage = ReadStorage(fields, type);
        var files = ReadFiles(fields, type);
        var silos = ReadSilos(fields, type, storage);
        return lint.Errors == errors ? new SourceDefinition(declaration.Name, type!.Value, format!, storage!, files) { Silos = silos } : null;
    }

    private string? ReadFormat(Fields fields, SourceType? type)
    {
        IReadOnlyCollection<string> known = type == SourceType.Directory ? [RuleFiles.DirectoryFormat] : RuleFiles.Formats;
        var format = fields.Text("format");
        if (fields.Node("format") is null)
        {
            if (type is SourceType.Http or SourceType.Log)
            {
                lint.Error(fields.At("format"), "spec has no 'format'", $"add it; known are {Quote.List(known)}");
            }

            return RuleFiles.DirectoryFormat;
        }

        if (format is not null && type is not null && !known.Contains(format))
        {
            lint.Error(fields.At("format"), $"spec.format {Quote.Text(format)} is not known", Similar.Remedy(format, known, "known are"));
        }

        return format;
    }

    private string? ReadStorage(Fields fields, SourceType? type)
    {
        var name = fields.Text("storage");
        if (name is not null
            && storages.IsDeclared(fields.At("storage"), "spec.storage", name, out var storage)
            && type == SourceType.Directory
            && storage is { Root: null })
        {
            lint.Error(fields.At("storage"), $"storage '{name}' has no root, so there is no directory to watch", "give the storage a root");
        }

        return name;
    }

    private string? ReadFiles(Fields fields, SourceType? type)
    {
        var files = fields.Read("files", FullGlob);
        if (type == SourceType.Log && fields.Node("files") is null)
        {
            lint.Error(fields.At("files"), "spec has no 'files', and a log source follows files", "add a glob, such as files: /var/log/dcache/*.json");
        }
        else if (type is SourceType.Http or SourceType.Directory && fields.Node("files") is not null)
        {
            lint.Error(fields.At("files"), "spec.files is for sources of type log alone", "remove it");
        }

        return files;
    }

    private SiloNames ReadSilos(Fields fields, SourceType? type, string? storage)
    {
        var silos = SilosReader.Read(lint, fields);
        if (type == SourceType.Http && fields.Node(SilosReader.Key) is not null)
        {
            lint.Error(fields.At(SilosReader.Key), "spec.silos is for sources that read files, of type log or directory", "remove it");
        }
        else if (type == SourceType.Directory
            && storages.All.FirstOrDefault(s => s.Name == storage) is { } watched
            && silos.Named.FirstOrDefault(name => !watched.Silos.Include(name)) is { } stranger)
        {
            lint.Error(
                fields.At(SilosReader.Key),
                $"spec.silos names {Quote.Text(stranger)}, which does not see storage '{watched.Name}': that names {watched.Silos}",
                "name some of those, add the silo to the storage's, or remove the key: then all those watch it");
        }

        return silos;
    }

    private static string FullGlob(string glob)
    {
        var full = StorageReader.FullPath(glob);
        return new PathPattern(full).Text;
    }
}
