using EventGrains.Contracts.Sources;
using EventGrains.Rules;
using EventGrains.Silo.Cluster;
using EventGrains.Silo.Status;
using Orleans.Runtime;

namespace EventGrains.Silo.Sources;

/// <summary>Stands for a source on a silo that does not see what it reads: reads nothing, and says which silos it waits for.</summary>
/// <remarks>When one of them comes, <see cref="EvenKeeper"/> sends the source there.</remarks>
internal sealed class WaitingSource(
    SourceDefinition definition, SiloNames named, SilosThatSee silos, IClusterMembershipService membership, Troubles troubles) : ISourceRunner
{
    private readonly string what = $"source {definition.Name}";
    private readonly CancellationTokenSource stop = new();
    private Task watching = Task.CompletedTask;

    public SourceView View => new(
        definition.Name,
        definition.Type == SourceType.Log ? "log" : "directory",
        definition.Format,
        definition.Storage,
        SourceState.Stopped,
        silos.Missing(named).Complaint.ToString(),
        []);

    public void Start() => watching = Task.Run(Watch);

    public Task Seek(string partition, SeekTo to, long position) => throw Waits();

    public Task Resume(bool skipUnreadable) => throw Waits();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        troubles.Clear(what);
        stop.Dispose();
    }

    /// <summary>Says it anew whenever a silo comes or goes; what it says first is the present.</summary>
    private async Task Watch()
    {
        try
        {
            await foreach (var _ in membership.MembershipUpdates.WithCancellation(stop.Token))
            {
                var (complaint, isThere) = silos.Missing(named);
                if (isThere)
                {
                    troubles.Clear(what);
                }
                else
                {
                    troubles.Report(what, complaint.Why, complaint.Do);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It goes elsewhere, or the silo stops.
        }
    }

    private InvalidOperationException Waits() => new($"{what} waits: {silos.Missing(named).Complaint}");
}
