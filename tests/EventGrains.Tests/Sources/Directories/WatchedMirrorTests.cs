using EventGrains.Contracts.Files;
using EventGrains.Contracts.Sources;
using EventGrains.Contracts.Transitions;
using EventGrains.Files;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Copying;
using EventGrains.Silo.Posix;
using EventGrains.Tests.Actions;
using EventGrains.Tests.Cluster;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>A silo copies to a directory that it watches as well: two speak of each copy.</summary>
public sealed class WatchedMirrorTests : IDisposable
{
    private readonly ScratchDirectory scratch = new();

    [Fact]
    public async Task Each_copy_and_each_removal_is_told_once()
    {
        await using var silo = await Start("{path}");
        File.WriteAllText(InInbox("a"), "content");
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Present) && f.Steps.All(s => s.State == StepState.Done));
        await Scanned(silo);
        Assert.Equal([TransitionKind.ReplicaAdded, TransitionKind.ReplicaAdded], await ToldOfReplicas(silo, "/a"));

        File.Delete(InMirror("a"));
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Removed));
        await Scanned(silo);

        Assert.Equal([TransitionKind.ReplicaAdded, TransitionKind.ReplicaAdded, TransitionKind.ReplicaRemoved], await ToldOfReplicas(silo, "/a"));

        File.WriteAllText(InInbox("a"), "content that is written again");
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Present));
        File.WriteAllText(InInbox("a"), "content that is written once more");
        await Until(silo, "/a", f => f.Facts.Size.Bytes == 33 && IsIn(f, ReplicaState.Present));
    }

    [Fact]
    public async Task Of_two_files_of_one_content_that_a_rule_gives_one_path_the_later_has_the_copy_and_the_first_says_that_it_has_none()
    {
        await using var silo = await Start("/same");
        File.WriteAllText(InInbox("a"), "content");
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Present));

        File.WriteAllText(InInbox("b"), "content");

        await Until(silo, "/b", f => IsIn(f, ReplicaState.Present));
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Removed));
        await Scanned(silo);
        Assert.True(IsIn((await Find(silo, "/a"))!, ReplicaState.Removed));

        File.Delete(InMirror("same"));
        await Until(silo, "/b", f => IsIn(f, ReplicaState.Removed));
    }

    [Fact]
    public async Task Of_two_files_of_other_content_the_second_fails_for_good_and_says_why()
    {
        await using var silo = await Start("/same");
        File.WriteAllText(InInbox("a"), "content");
        await Until(silo, "/a", f => IsIn(f, ReplicaState.Present));

        File.WriteAllText(InInbox("b"), "other");

        await Until(silo, "/b", f => f.Steps is [{ State: StepState.Failed, Attempts: 1 }]);
        Assert.Contains("/a", (await Find(silo, "/b"))!.Steps[0].Error, StringComparison.Ordinal);
        Assert.True(IsIn((await Find(silo, "/a"))!, ReplicaState.Present));
    }

    [Fact]
    public async Task A_copy_whose_place_another_attempt_holds_outwaits_its_attempts_and_is_made()
    {
        await using var silo = await Start("/same", set => (set.AttemptsMax, set.BackOffFirstSeconds) = (2, 0.01));
        using (var mirror = OpenFile.Open(InMirror(""), OpenMode.Root))
        using (var part = mirror.OpenAt(PartFile.NameOf("mirror", StoragePath.Parse("the target path", "/same")), OpenMode.ReadWriteCreate, 0x180))
        {
            Assert.True(part.TryLock());
            File.WriteAllText(InInbox("a"), "content");

            await Until(silo, "/a", f => f.Steps is [{ State: StepState.Waiting, Attempts: >= 4 }]);

            Assert.StartsWith("busy", (await Find(silo, "/a"))!.Steps[0].Error, StringComparison.Ordinal);
        }

        await Until(silo, "/a", f => f.Steps is [{ State: StepState.Done }] && IsIn(f, ReplicaState.Present));
    }

    public void Dispose() => scratch.Dispose();

    private string InInbox(string name) => Path.Combine(scratch.Path, "inbox", name);

    private string InMirror(string name) => Path.Combine(scratch.Path, "mirror", name);

    private Task<OneSilo> Start(string template, Action<SiloSettings>? set = null)
    {
        var (definitions, messages) = RuleFiles.Parse([("rules.yaml", $$"""
            apiVersion: eventgrains/v1
            kind: Storage
            metadata: { name: inbox }
            spec: { root: {{scratch.Create("inbox")}}, role: origin }
            ---
            apiVersion: eventgrains/v1
            kind: Storage
            metadata: { name: mirror }
            spec: { root: {{scratch.Create("mirror")}}, role: replica }
            ---
            apiVersion: eventgrains/v1
            kind: Source
            metadata: { name: inbox }
            spec: { type: directory, storage: inbox }
            ---
            apiVersion: eventgrains/v1
            kind: Source
            metadata: { name: mirror }
            spec: { type: directory, storage: mirror }
            ---
            apiVersion: eventgrains/v1
            kind: Rule
            metadata: { name: mirror }
            spec:
              when: { kind: stored, path: "/**" }
              do: [{ replicate: { to: mirror, path: "{{template}}" } }]
            """)]);
        Assert.DoesNotContain(messages, m => m.ToString().Contains("error", StringComparison.Ordinal));
        return OneSilo.Start(definitions, settings =>
        {
            settings.ScanMinutes = 0.005;
            set?.Invoke(settings);
        });
    }

    private static bool IsIn(FileState file, ReplicaState state) => file.Facts.Replicas.Any(r => r.Storage == "mirror" && r.State == state);

    private static async Task<FileState?> Find(OneSilo silo, string path) =>
        (await silo.Grains.GetGrain<IFileListGrain>(0).FindByPath("inbox", path)).SingleOrDefault();

    private static async Task Until(OneSilo silo, string path, Func<FileState, bool> holds)
    {
        FileState? last = null;
        await Eventually.Is(
            async () => (last = await Find(silo, path)) is not null && holds(last),
            () => $"{path}: {string.Join("; ", last?.Facts.Replicas.Select(r => $"{r.Storage} {r.Path} {r.State} {r.SaidAt:O}") ?? [])}; {string.Join("; ", last?.Steps.Select(s => $"{s.State} {s.Error}") ?? [])}");
    }

    /// <summary>What is told from now on of a marker is told after what was there before.</summary>
    private async Task Scanned(OneSilo silo)
    {
        var marker = Path.Combine(scratch.Path, "inbox", $"marker-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(marker, marker);
        await Until(silo, "/" + Path.GetFileName(marker), f => f.Steps.Length > 0 && f.Steps.All(s => s.State is StepState.Done or StepState.Failed));
        foreach (var source in (string[])["inbox", "mirror"])
        {
            Assert.Equal(SourceState.Running, (await silo.Grains.GetGrain<ISourceGrain>(source).Get()).State);
        }
    }

    /// <summary>The first is the file's own, in its own storage.</summary>
    private static async Task<TransitionKind[]> ToldOfReplicas(OneSilo silo, string path)
    {
        var history = await silo.Grains.GetFile((await Find(silo, path))!.Id).GetHistory(0, 100);
        return [.. history.SelectMany(t => t.Transition.Changes).Where(k => k is TransitionKind.ReplicaAdded or TransitionKind.ReplicaRemoved or TransitionKind.ReplicaCorrupt)];
    }
}
