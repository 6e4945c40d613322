using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Cluster;

internal enum FaultKind
{
    /// <summary><c>kill -9</c>; started again 10 s later.</summary>
    KillSilo,

    /// <summary>SIGSTOP for 15 s: it is declared dead, ends itself when it wakes, and is started again.</summary>
    FreezeSilo,

    /// <summary>The same, while its transaction is open in the database.</summary>
    FreezeInCommit,

    /// <summary>PostgreSQL stopped with its fast mode, and started 5 s later.</summary>
    StopPostgres,

    /// <summary>The same with its immediate mode, after which it recovers.</summary>
    CrashPostgres,

    /// <summary>A silo's link to PostgreSQL is cut for 8 s.</summary>
    CutLink,

    /// <summary>A silo's link takes 200 ms more each way, for 10 s.</summary>
    SlowLink,

    /// <summary>One more silo joins.</summary>
    AddSilo,

    /// <summary>The one that joined ends gracefully and stays away.</summary>
    RemoveSilo,

    /// <summary>SIGTERM; it ends with 0 and is started again.</summary>
    StopSilo,

    /// <summary><c>kill -9</c> of a gateway; started again 5 s later.</summary>
    KillGateway,
}

/// <param name="At">Seconds after the start of the load.</param>
/// <param name="Target">The number of the silo or gateway; 0 where there is only one thing to meet.</param>
internal readonly record struct PlannedFault(int At, FaultKind Kind, int Target);

/// <summary>Which fault comes when, by the seed alone. Never are fewer than <see cref="ServingMin"/> silos left to serve.</summary>
internal static class FaultSchedule
{
    public const int EverySeconds = 20;
    public const int ServingMin = 2;

    /// <summary>The last one leaves so much time to heal under load.</summary>
    public const int LastBeforeEnd = 20;

    public static IReadOnlyList<PlannedFault> Plan(int seed, int seconds, int silos, int gateways, bool withPostgres)
    {
        var dice = Dice.For((ulong)seed, 0xFA17);
        var (plan, bag) = (new List<PlannedFault>(), new List<FaultKind>());
        for (var at = EverySeconds; at <= seconds - LastBeforeEnd; at += EverySeconds)
        {
            bool IsPossible(FaultKind kind) => IsOffered(kind, silos, gateways, withPostgres) && (SiloOutSeconds(kind) == 0 || Serving(plan, at, silos) > ServingMin);
            var possible = bag.FindIndex(k => IsPossible(k));
            if (possible < 0)
            {
                // All kinds once before any comes again.
                bag.AddRange(Shuffled(ref dice));
                possible = bag.FindIndex(k => IsPossible(k));
            }

            if (possible >= 0)
            {
                var kind = bag[possible];
                bag.RemoveAt(possible);
                kind = kind == FaultKind.AddSilo && HasExtra(plan) ? FaultKind.RemoveSilo : kind;
                plan.Add(new PlannedFault(at, kind, Target(ref dice, kind, silos, gateways)));
            }
        }

        return plan;
    }

    /// <summary>How long a silo serves nothing, until it is back: what is planned, and time to start. 0 for a fault that takes none away.</summary>
    public static int SiloOutSeconds(FaultKind kind) => kind switch
    {
        FaultKind.KillSilo => 20,
        FaultKind.FreezeSilo or FaultKind.FreezeInCommit => 30,
        FaultKind.StopSilo => 20,
        FaultKind.CutLink => 10,
        _ => 0,
    };

    /// <summary>Silos that serve at a moment; one that was added beside the first ones is not relied on.</summary>
    public static int Serving(IEnumerable<PlannedFault> plan, int at, int silos) => silos - plan.Count(f => f.At <= at && at < f.At + SiloOutSeconds(f.Kind));

    private static bool IsOffered(FaultKind kind, int silos, int gateways, bool withPostgres) => kind switch
    {
        FaultKind.StopPostgres or FaultKind.CrashPostgres => withPostgres,
        FaultKind.KillGateway => gateways > 1,
        _ => SiloOutSeconds(kind) == 0 || silos > ServingMin,
    };

    private static bool HasExtra(List<PlannedFault> plan) =>
        plan.Count(f => f.Kind == FaultKind.AddSilo) > plan.Count(f => f.Kind == FaultKind.RemoveSilo);

    private static int Target(ref Dice dice, FaultKind kind, int silos, int gateways) => kind switch
    {
        FaultKind.KillGateway => dice.Below(gateways),
        FaultKind.StopPostgres or FaultKind.CrashPostgres => 0,
        FaultKind.AddSilo or FaultKind.RemoveSilo => silos,
        _ => dice.Below(silos),
    };

    private static FaultKind[] Shuffled(ref Dice dice)
    {
        FaultKind[] kinds = [.. Enum.GetValues<FaultKind>().Where(k => k != FaultKind.RemoveSilo)];
        for (var i = kinds.Length - 1; i > 0; i--)
        {
            var other = dice.Below(i + 1);
            (kinds[i], kinds[other]) = (kinds[other], kinds[i]);
        }

        return kinds;
    }
}
