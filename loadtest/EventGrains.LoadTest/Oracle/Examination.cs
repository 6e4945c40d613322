using System.Collections;
using EventGrains.LoadTest.Generator;

namespace EventGrains.LoadTest.Oracle;

/// <summary>Holds each file that the product lists against its planned life. Every file may come once.</summary>
internal sealed class Examination(Workload workload, Verdict verdict)
{
    private readonly BitArray _seen = new(workload.Files);

    /// <summary>Files that the product knows and that were compared.</summary>
    public int Files { get; private set; }

    public void Compare(FileAnswer answer)
    {
        var number = FileLife.NumberOf(answer.Id);
        var life = workload.Has(number) ? workload.Life(number) : null;
        if (life is null || !answer.Id.EndsWith(":" + life.Native, StringComparison.Ordinal))
        {
            verdict.AddWrongState($"{answer.Id} is known, and no event ever named it");
            return;
        }

        if (_seen[number - workload.First])
        {
            verdict.AddOther($"{answer.Id} was listed twice");
            return;
        }

        (_seen[number - workload.First], Files) = (true, Files + 1);
        if (FileTruth.Of(life) is { } truth)
        {
            Compare(answer, truth);
        }
        else
        {
            verdict.AddWrongState($"{answer.Id} is known, and all that was said of it were failures");
        }
    }

    /// <summary>After all files were listed: those that never came.</summary>
    public void Conclude()
    {
        for (var number = workload.First; workload.Has(number); number++)
        {
            if (!_seen[number - workload.First] && FileTruth.Of(workload.Life(number)) is not null)
            {
                verdict.AddLost(1, $"{workload.Life(number).Native} is not known, and its events were acknowledged");
            }
        }
    }

    private void Compare(FileAnswer answer, FileTruth truth)
    {
        var replicas = answer.Replicas.Where(r => r.Pool is not null).ToDictionary(r => r.Pool!, r => r.State, StringComparer.Ordinal);
        var missing = truth.Replicas.Count(r => !replicas.ContainsKey(r.Key))
            + (truth.Size is not null && answer.Size is null ? 1 : 0)
            + (truth.Existence != "unknown" && answer.Existence == "unknown" ? 1 : 0)
            + (truth.Existence == "deleted" && answer.Existence == "stored" ? 1 : 0)
            + (truth.TapeCopy is not null && answer.TapeCopies is not { Count: > 0 } ? 1 : 0);
        if (missing > 0)
        {
            verdict.AddLost(missing, $"{answer.Id} lacks facts: {Words(answer, replicas)}; expected {Words(truth)}");
        }

        if (Words(answer, replicas) != Words(truth))
        {
            verdict.AddWrongState($"{answer.Id}: {Words(answer, replicas)}; expected {Words(truth)}");
        }
    }

    private static string Words(FileAnswer answer, Dictionary<string, string> replicas) =>
        Words(answer.Path, answer.Existence, answer.Status, answer.Locality, answer.Size, replicas, string.Join(',', answer.TapeCopies ?? []));

    private static string Words(FileTruth truth) =>
        Words(truth.Path, truth.Existence, truth.Status, truth.Locality, truth.Size, truth.Replicas, truth.TapeCopy ?? "");

    private static string Words(string? path, string existence, string status, string locality, long? size, IReadOnlyDictionary<string, string> replicas, string tapeCopies) =>
        $"{path} {existence} {status} {locality} {size} {string.Join(',', replicas.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}={r.Value}"))} {tapeCopies}";
}
