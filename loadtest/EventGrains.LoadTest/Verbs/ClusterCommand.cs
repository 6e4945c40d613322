using System.CommandLine;
using EventGrains.LoadTest.Cluster;

namespace EventGrains.LoadTest.Verbs;

/// <summary>The options of the verbs that need a PostgreSQL.</summary>
internal static class ClusterCommand
{
    public static Command Create(Func<ParseResult, RunOptions> shared)
    {
        var silos = new Option<int>("--silos") { Description = "How many silos.", DefaultValueFactory = _ => 3 };
        var gateways = new Option<int>("--gateways") { Description = "How many gateways.", DefaultValueFactory = _ => 2 };
        var scenario = new Option<string>("--scenario") { Description = "What is offered.", DefaultValueFactory = _ => Scenario.Steady };
        scenario.AcceptOnlyFromAmong(Scenario.Names);
        var rate = new Option<int>("--rate") { Description = "Events offered per second.", DefaultValueFactory = _ => 500 };
        var seconds = new Option<int>("--seconds") { Description = "How long.", DefaultValueFactory = _ => 30 };
        var faults = new Option<bool>("--faults") { Description = "Every 20 s a fault; the seed says which." };
        var noStream = new Option<bool>("--no-stream") { Description = "No grain follows the files of a rule by their Orleans streams." };
        var heals = new Option<int>("--heals-within") { Description = "Seconds that a fault may take to heal, on a machine that has time for it.", DefaultValueFactory = _ => 15 };
        var shards = new Option<int>("--shards") { Description = "Shards of the store.", DefaultValueFactory = _ => 16 };
        var upgradeFrom = new Option<string?>("--upgrade-from") { Description = "The eventgrains executable or dll of an older release: all begin as it, and are replaced one after another under load." };
        var html = new Option<string?>("--html") { Description = "Write the result here as one page with plots." };
        var postgres = PostgresOption();
        var cluster = new Command("cluster", "Silos and gateways around one PostgreSQL, under load and faults. Example: cluster --silos 3 --scenario steady --rate 5000 --seconds 300 --faults --html result.html")
        {
            silos, gateways, scenario, rate, seconds, faults, noStream, heals, shards, upgradeFrom, html, postgres,
        };
        cluster.Validators.Add(parsed =>
        {
            if (parsed.GetValue(faults) && parsed.GetValue(upgradeFrom) is not null)
            {
                parsed.AddError("--upgrade-from allows clients no error, and --faults causes some: leave one out");
            }
        });
        cluster.SetAction((parsed, ct) => ClusterRun.Run(
            new ClusterOptions(
                parsed.GetValue(silos), parsed.GetValue(gateways),
                Scenario.Named(parsed.GetValue(scenario)!, parsed.GetValue(rate), parsed.GetValue(seconds)),
                parsed.GetValue(faults), !parsed.GetValue(noStream), parsed.GetValue(heals), parsed.GetValue(shards), parsed.GetValue(html), parsed.GetValue(postgres), parsed.GetValue(upgradeFrom)),
            shared(parsed),
            ct));
        return cluster;
    }

    public static Command CreatePostgres(Func<ParseResult, RunOptions> shared)
    {
        var events = new Option<int>("--events") { Description = "How many events.", DefaultValueFactory = _ => 20_000 };
        var rounds = new Option<int>("--rounds") { Description = "Interleaved rounds; the medians count.", DefaultValueFactory = _ => 5 };
        var shards = new Option<int[]>("--shards") { Description = "Numbers of shards to compare.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [16, 64, 256] };
        var postgres = PostgresOption();
        var verb = new Command("postgres", "Intake of one process over PostgreSQL beside the bare loop over it. Example: postgres --events 500000 --json result.json") { events, rounds, shards, postgres };
        verb.SetAction((parsed, ct) => PostgresRun.Run(
            parsed.GetValue(events), parsed.GetValue(rounds), parsed.GetValue(shards)!, parsed.GetValue(postgres), shared(parsed), ct));
        return verb;
    }

    public static Command CreateGrowth(Func<ParseResult, RunOptions> shared)
    {
        var silos = new Option<int[]>("--silos") { Description = "Numbers of silos to compare.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 4] };
        var seconds = new Option<int>("--seconds") { Description = "How long each is measured.", DefaultValueFactory = _ => 15 };
        var rounds = new Option<int>("--rounds") { Description = "Interleaved rounds; the medians count.", DefaultValueFactory = _ => 3 };
        var delay = new Option<double>("--delay") { Description = "Milliseconds each way between a silo and PostgreSQL; 0 to measure it near alone.", DefaultValueFactory = _ => 10 };
        var inFlight = new Option<int>("--in-flight") { Description = "Bodies that are on their way to each silo.", DefaultValueFactory = _ => 4 };
        var farBody = new Option<int>("--far-body") { Description = "Events of a body while PostgreSQL is far: few, so that the silos wait and the cores do not fill.", DefaultValueFactory = _ => 100 };
        var nearBody = new Option<int>("--near-body") { Description = "Events of a body while it is near: many, so that events are what costs.", DefaultValueFactory = _ => 2_000 };
        var shards = new Option<int>("--shards") { Description = "Shards of the store.", DefaultValueFactory = _ => 16 };
        var verb = new Command("growth", "What more silos bring when PostgreSQL is far, and what they cost when it is near. Example: growth --seconds 30 --json result.json")
        {
            silos, seconds, rounds, delay, inFlight, farBody, nearBody, shards,
        };
        verb.SetAction((parsed, ct) => Growth.Run(
            new GrowthOptions(
                parsed.GetValue(silos)!,
                parsed.GetValue(seconds),
                parsed.GetValue(rounds),
                TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
                parsed.GetValue(inFlight),
                parsed.GetValue(farBody),
                parsed.GetValue(nearBody),
                parsed.GetValue(shards)),
            shared(parsed),
            ct));
        return verb;
    }

    private static Option<string?> PostgresOption() =>
        new("--postgres") { Description = "A connection to a PostgreSQL server whose user may create databases, instead of one started for the run." };
}
