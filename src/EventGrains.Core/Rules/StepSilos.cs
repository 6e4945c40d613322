using System.Collections.Immutable;

namespace EventGrains.Rules;

/// <summary>Where a step of ours can run: on the silos that see every directory that it reads or writes.</summary>
/// <param name="Storages">Those of its storages that name silos.</param>
public sealed record StepSilos(SiloNames Silos, ImmutableArray<StorageDefinition> Storages)
{
    /// <summary>A step that works on no directory which only some silos see.</summary>
    public static readonly StepSilos Anywhere = new(SiloNames.All, []);

    /// <remarks>Of an action of the user's own nothing is known: it runs where its file's grain does, or where its class is placed.</remarks>
    public static StepSilos Of(string action, string parametersJson, string fileStorage, Definitions definitions)
    {
        if (definitions.Storages.All(s => s.Silos.AreAll))
        {
            return Anywhere;
        }

        IEnumerable<string> named = action switch
        {
            StepReader.Replicate => [fileStorage, .. TargetOf(parametersJson)],
            StepReader.Run => [fileStorage, .. CopiesOf(parametersJson)],
            _ => [],
        };
        var storages = named.Distinct().Select(definitions.Storage).OfType<StorageDefinition>().Where(s => !s.Silos.AreAll).ToImmutableArray();
        return new StepSilos(storages.Aggregate(SiloNames.All, (silos, storage) => silos.And(storage.Silos)), storages);
    }

    /// <summary>What must be seen, and by whom it is: <c>'inbox' (silo-a) and 'archive' (silo-a, silo-b)</c>.</summary>
    public override string ToString() => string.Join(" and ", Storages.Select(s => $"'{s.Name}' ({s.Silos})"));

    private static string[] TargetOf(string parametersJson) =>
        Read(parametersJson, ReplicateParameters.Read) is { } parameters ? [parameters.To] : [];

    private static List<string> CopiesOf(string parametersJson)
    {
        try
        {
            return Read(parametersJson, RunParameters.Read)?.Command.SelectMany(argument => PlaceholderTemplate.ForArgument(argument).StoragesOfFiles).ToList() ?? [];
        }
        catch (RuleFormatException)
        {
            return [];
        }
    }

    /// <summary>Null when the parameters are broken: the action itself says so, wherever it runs.</summary>
    private static T? Read<T>(string parametersJson, Func<string, T> read)
        where T : class
    {
        try
        {
            return read(parametersJson);
        }
        catch (RuleFormatException)
        {
            return null;
        }
    }
}
