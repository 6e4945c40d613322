using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Asks each gateway by turns what people and pages ask. What is no answer, the client tells by itself.</summary>
internal sealed class Questions(IReadOnlyList<ServerClient> clients, Verdict verdict)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(400);

    public int Answered { get; private set; }

    /// <summary>Answers in which shards of an older release stood beside those of one that notes since when.</summary>
    public int SideBySide { get; private set; }

    public async Task Run(Task until, CancellationToken ct)
    {
        for (var turn = 0; !until.IsCompleted; turn++)
        {
            try
            {
                await Ask(clients[turn % clients.Count], ct);
            }
            catch (ProductException e)
            {
                verdict.AddOther(e.Message);
            }
            catch (Exception e) when (ServerClient.IsAway(e, ct))
            {
            }

            await Task.Delay(Every, ct);
        }
    }

    private async Task Ask(ServerClient client, CancellationToken ct)
    {
        var status = await client.Status(ct);
        Answered++;
        SideBySide += status.Owners.Any(o => o.Since is null) && status.Owners.Any(o => o.Since is not null) ? 1 : 0;
        if (await client.FirstFile($"storage={RuleFile.Storage}", ct) is { } file && await client.History(file.Id, ct).FirstAsync(ct) is { Version: 1 })
        {
            Answered++;
        }
    }
}
