namespace EventGrains.Silo.Dispatch;

/// <summary>Counts started steps against the bounds per rule, action and target. Used under the dispatcher's lock.</summary>
internal sealed class RunningSteps(SiloSettings settings)
{
    private readonly Dictionary<string, int> _byAction = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _byTarget = new(StringComparer.Ordinal);

    public bool HasRoom(Lane lane) =>
        lane.Running < settings.StepsRunningPerRuleMax
        && _byAction.GetValueOrDefault(lane.Action) < settings.StepsRunningPerActionMax
        && (lane.Target is not { } target || _byTarget.GetValueOrDefault(target) < settings.StepsRunningPerTargetMax);

    public void Set(Held held, bool isStarted)
    {
        if (held.IsStarted == isStarted)
        {
            return;
        }

        held.IsStarted = isStarted;
        var one = isStarted ? 1 : -1;
        held.Lane.Running += one;
        _byAction[held.Lane.Action] = _byAction.GetValueOrDefault(held.Lane.Action) + one;
        if (held.Lane.Target is { } target)
        {
            _byTarget[target] = _byTarget.GetValueOrDefault(target) + one;
        }
    }
}
