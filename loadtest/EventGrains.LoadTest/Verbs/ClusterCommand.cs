using System.CommandLine;
using EventGrains.LoadTest.Cluster;

namespace EventGrains.LoadTest.Verbs;

/// <summary>The options of <c>cluster</c>.</summary>
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
        var shards = new Option<int>("--shards") { Description = "Shards of the store.", DefaultValueFactory = _ => 16 };
        var html = new Option<string?>("--html") { Description = "Write the result here as one page with plots." };
        var postgres = PostgresOption();
        var cluster = new Command("cluster", "Silos and gateways around one PostgreSQL, under load and faults. Example: cluster --silos 3 --scenario steady --rate 5000 --seconds 300 --faults --html result.html")
        {
            silos, gateways, scenario, rate, seconds, faults, shards, html, postgres,
        };
        cluster.SetAction((parsed, ct) => ClusterRun.Run(
            new ClusterOptions(
                parsed.GetValue(silos), parsed.GetValue(gateways),
                Scenario.Named(parsed.GetValue(scenario)!, parsed.GetValue(rate), parsed.GetValue(seconds)),
                parsed.GetValue(faults), parsed.GetValue(shards), parsed.GetValue(html), parsed.GetValue(postgres)),
            shared(parsed),
            ct));
        return cluster;
    }

    private static Option<string?> PostgresOption() =>
        new("--postgres") { Description = "A connection to a PostgreSQL server whose user may create databases, instead of one started for the run." };
}
