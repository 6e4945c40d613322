namespace EventGrains.Rules;

internal sealed class DatasetReader(Lint lint, KnownStorages storages)
{
    public DatasetDefinition? Read(Declaration declaration)
    {
        var errors = lint.Errors;
        if (Fields.Open(lint, declaration.Spec, "spec", required: ["path"], optional: ["storage"]) is not { } fields)
        {
            return null;
        }

        var path = fields.Read("path", text => new PathPattern(text));
        var storage = fields.Text("storage");
        if (storage is not null)
        {
            storages.IsDeclared(fields.At("storage"), "spec.storage", storage, out _);
        }

        if (path is not null)
        {
            CheckName(declaration, path);
        }

        return lint.Errors == errors ? new DatasetDefinition(declaration.Name, path!, storage) : null;
    }

    private void CheckName(Declaration declaration, PathPattern path)
    {
        try
        {
            _ = new CaptureTemplate(declaration.Name, path);

            // Captured text may hold anything; what the template adds itself must be a name.
            var sample = string.Concat(BraceText.Read(declaration.Name).Select(p => p.Literal ?? "x"));
            if (!DefinitionName.IsValid(sample))
            {
                lint.Error(declaration.NameAt, $"{Quote.Text(declaration.Name)} is no name", $"{DefinitionName.Remedy}, and captures in braces");
            }
        }
        catch (RuleFormatException e)
        {
            lint.Error(declaration.NameAt, $"metadata.name: {e.Reason}", e.Remedy);
        }
    }
}
