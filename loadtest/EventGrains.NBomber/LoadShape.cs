using NBomber.Contracts;
using NBomber.CSharp;

namespace EventGrains.NBomber;

/// <summary>When a scenario of the load test offers what, in NBomber's words: bodies a second, whatever comes back.</summary>
internal static class LoadShape
{
    public const int BodyEvents = 50;

    public static LoadSimulation[] Of(LoadTest.Cluster.Scenario scenario)
    {
        var simulations = new List<LoadSimulation>();
        var offered = 0L;

        // A backlog is due at once: it is in the first second.
        for (var second = 1; second <= scenario.Seconds; second++)
        {
            var due = scenario.DueBy(second) / BodyEvents;
            if (due > offered)
            {
                simulations.Add(Simulation.Inject(rate: (int)(due - offered), interval: TimeSpan.FromSeconds(1), during: TimeSpan.FromSeconds(1)));
            }
            else
            {
                simulations.Add(Simulation.Pause(during: TimeSpan.FromSeconds(1)));
            }

            offered = due;
        }

        return [.. simulations];
    }
}
