using System.Text.Json;
using System.Text.Json.Nodes;
using EventGrains.Contracts.Status;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo.Store;
using Microsoft.Extensions.Logging;

namespace EventGrains.Silo.Rules;

/// <summary>The steps of every rule generation that ever opened one, so that a step ends under the rule that opened it.</summary>
internal sealed partial class RuleSpecs(IStore store, Rulebook rules, TimeProvider time, ILogger<RuleSpecs> log)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Keeps the rules as they are now; before any of them may fire. A store that is away is waited for.</summary>
    public async Task Save(CancellationToken ct)
    {
        foreach (var rule in rules.Rules)
        {
            while (!await Save(rule, ct))
            {
                await Task.Delay(RetryAfter, time, ct);
            }
        }
    }

    private async Task<bool> Save(RuleDefinition rule, CancellationToken ct)
    {
        try
        {
            await store.SaveRule(rule.Name, rule.Generation, Write(rule), ct);
            return true;
        }
        catch (StoreAwayException away)
        {
            LogAway(away.Message, store.Remedy);
            return false;
        }
    }

    public async Task<StepDefinition?> Find(StepKey step)
    {
        if (rules.Rules.FirstOrDefault(r => r.Name == step.Rule && r.Generation == step.RuleGeneration) is { } current)
        {
            return current.Do.ElementAtOrDefault(step.Index);
        }

        return await store.ReadRule(step.Rule, step.RuleGeneration) is { } json ? Read(json, step.Index) : null;
    }

    public static string Write(RuleDefinition rule)
    {
        var steps = new JsonArray();
        foreach (var step in rule.Do)
        {
            steps.Add(new JsonObject
            {
                ["action"] = step.Action,
                ["parameters"] = JsonNode.Parse(step.ParametersJson),
                ["target"] = step.Target,
            });
        }

        return steps.ToJsonString();
    }

    private static StepDefinition? Read(string json, int index)
    {
        using var steps = JsonDocument.Parse(json);
        if (index >= steps.RootElement.GetArrayLength())
        {
            return null;
        }

        var step = steps.RootElement[index];
        return new StepDefinition(
            step.GetProperty("action").GetString()!, step.GetProperty("parameters").GetRawText(), step.GetProperty("target").GetString());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The silo waits for its store: {Why}; {Remedy}.")]
    private partial void LogAway(string why, string remedy);
}
