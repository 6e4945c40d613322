using System.Collections.Concurrent;
using System.Collections.Immutable;
using EventGrains.Contracts.Status;
using EventGrains.Rules;
using EventGrains.Silo.Dispatch;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace EventGrains.Silo.Status;

/// <summary>What one silo alone knows of how it is.</summary>
/// <param name="Held">By rule, the steps that wait because it is at its bound; rules without any are left out.</param>
[GenerateSerializer, Immutable, Alias("EventGrains.SiloLook")]
internal sealed record SiloLook([property: Id(0)] ImmutableArray<Trouble> Troubles, [property: Id(1)] ImmutableDictionary<string, long> Held)
{
    public static SiloLook Of(Troubles troubles, Dispatcher dispatcher, Rulebook rules) => new(
        troubles.Now,
        rules.Rules.Select(rule => KeyValuePair.Create(rule.Name, dispatcher.CountHeld(rule.Name))).Where(h => h.Value > 0).ToImmutableDictionary(StringComparer.Ordinal));

    /// <summary>The troubles of all silos, the store's first; what not all of them have says who has it.</summary>
    /// <param name="looks">By the silo's name; null where it did not answer.</param>
    public static IEnumerable<Trouble> Join(IReadOnlyList<(string Silo, SiloLook? Look)> looks)
    {
        var told = looks.SelectMany(l => l.Look?.Troubles.Select(trouble => (l.Silo, Trouble: trouble)) ?? []);
        var unheard = looks.Where(l => l.Look is null).Select(l => new Trouble(
            $"silo {l.Silo}", "it does not say how it is", "look at its log; when it is gone the others declare it dead within seconds and take over; an older release cannot say it"));
        return told.GroupBy(t => t.Trouble, t => t.Silo)
            .Select(t => t.Count() == looks.Count ? t.Key : t.Key with { Why = $"{t.Key.Why} (on {string.Join(", ", t)})" })
            .OrderBy(t => t.What != Status.Troubles.Store)
            .ThenBy(t => t.What, StringComparer.Ordinal)
            .Concat(unheard);
    }
}

[Alias("EventGrains.ISiloLookService"), Orleans.CodeGeneration.Version(1)]
internal interface ISiloLookService : IGrainService
{
    [Alias("Read")]
    Task<SiloLook> Read();
}

/// <summary>Says how this silo is; there is one on each.</summary>
[Reentrant]
internal sealed class SiloLookService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory logs, Troubles troubles, Dispatcher dispatcher, Rulebook rules)
    : GrainService(id, silo, logs), ISiloLookService
{
    public Task<SiloLook> Read() => Task.FromResult(SiloLook.Of(troubles, dispatcher, rules));
}

/// <summary>Asks the silos how they are.</summary>
internal sealed partial class SiloLooks(IServiceProvider services, IClusterMembershipService membership, TimeProvider time, ILogger<SiloLooks> log) : GrainServiceClient<ISiloLookService>(services)
{
    /// <summary>One that stands still is not waited for. Well below what a probe of readiness waits: a silo that answers nobody, or is of a release that cannot, must not take the others out.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMilliseconds(700);

    /// <summary>So long after it did not answer it is not asked at all.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>When they did not answer; of those alone that still are members.</summary>
    private readonly ConcurrentDictionary<SiloAddress, long> _silent = [];

    public async Task<(string Silo, SiloLook? Look)[]> All()
    {
        var active = membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).OrderBy(m => m.Name, StringComparer.Ordinal).ToList();
        foreach (var gone in _silent.Keys.Where(silent => active.TrueForAll(m => !m.SiloAddress.Equals(silent))))
        {
            _silent.TryRemove(gone, out _);
        }

        return await Task.WhenAll(active.Select(async m => (m.Name, await Of(m.SiloAddress))));
    }

    private async Task<SiloLook?> Of(SiloAddress silo)
    {
        if (_silent.TryGetValue(silo, out var since) && time.GetElapsedTime(since) < AskAgain)
        {
            return null;
        }

        try
        {
            var asked = GetGrainService(silo).Read();
            asked.Ignore(); // whoever does not wait for it any more need not hear how it ended
            var look = await asked.WaitAsync(AnswerWithin, time);
            _silent.TryRemove(silo, out _);
            return look;
        }
        catch (Exception failure)
        {
            // Whatever it is, a type that an older release does not have for instance: the others can be told of all the same.
            LogSilent(failure, silo);
            _silent[silo] = time.GetTimestamp();
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The silo {Silo} did not say how it is")]
    private partial void LogSilent(Exception failure, SiloAddress silo);
}
