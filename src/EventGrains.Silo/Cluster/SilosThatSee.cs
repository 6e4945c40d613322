using EventGrains.Rules;
using EventGrains.Silo.Sources.Directories;
using EventGrains.Silo.Sources.Logs;
using Orleans.Runtime;

namespace EventGrains.Silo.Cluster;

/// <summary>Which of the silos that are alive see what a source reads, or what a step works on, by the names in the rule files.</summary>
internal sealed class SilosThatSee(Definitions definitions, IClusterMembershipService membership, ILocalSiloDetails me)
{
    /// <summary>The name of this silo.</summary>
    public string Here => me.Name;

    public SiloAddress HereAt => me.SiloAddress;

    /// <summary>Whether any source is restricted to some silos.</summary>
    public bool AreNamed { get; } = definitions.Sources.Any(s => !definitions.SilosOf(s).AreAll);

    /// <summary>Whoever sees what a source's grain, or one of its readers, works on.</summary>
    public SiloNames Of(GrainId grain)
    {
        var key = grain.Key.ToString()!;
        return definitions.Source(LogReaderGrain.SourceOf(key) ?? key) is { } source ? definitions.SilosOf(source) : SiloNames.All;
    }

    /// <summary>Those of the silos that are among the named.</summary>
    public SiloAddress[] Among(SiloNames named, SiloAddress[] silos)
    {
        if (named.AreAll)
        {
            return silos;
        }

        var members = membership.CurrentSnapshot.Members;
        return named.Among(silos, silo => members.TryGetValue(silo, out var member) ? member.Name : null);
    }

    /// <summary>The named that are alive, in the order in which all silos see them.</summary>
    public SiloAddress[] Alive(SiloNames named) => Among(named, Active.Select(m => m.SiloAddress).InOrder());

    /// <summary>What to say of something that only <paramref name="named"/> see and that is not at work there.</summary>
    public (Complaint Complaint, bool IsThere) Missing(SiloNames named) => Missing(named, Here, [.. Active.Select(m => m.Name)]);

    /// <summary>Pure.</summary>
    /// <param name="there">The silos that are alive.</param>
    /// <returns>IsThere: a silo that sees it is alive, so that nobody need do anything.</returns>
    internal static (Complaint Complaint, bool IsThere) Missing(SiloNames named, string here, IReadOnlyCollection<string> there) =>
        named.Among(there.Order(StringComparer.Ordinal), name => name) is [var seeing, ..]
            ? (new Complaint($"silo {here} does not see what it reads, and {seeing} does", "it is moved there within seconds; nothing is read until then"), true)
            : (new Complaint(
                $"none of the silos that see what it reads is there: 'silos' names {named}, and there {(there.Count == 1 ? "is" : "are")} {string.Join(", ", there.Order(StringComparer.Ordinal))}",
                "start one of them (a silo is named by --silo-name), or correct 'silos' in the rule file"), false);

    private IEnumerable<ClusterMember> Active => membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active);
}
