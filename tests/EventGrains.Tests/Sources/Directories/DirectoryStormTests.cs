using EventGrains.Events;
using EventGrains.Silo.Posix;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

/// <summary>Files and directories are made, renamed, replaced, linked and removed at random, faster than they are looked at; the store fails, and the source starts again.</summary>
public sealed class DirectoryStormTests
{
    private const int Acts = 400;
    private const int BurstMax = 12;

    public static TheoryData<int> Seeds => Lives.With(1, 2);

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task No_file_that_exists_is_said_to_be_deleted_and_in_the_end_each_is_known_by_a_name_of_its_own(int seed)
    {
        var random = new Random(seed);
        await using var bench = new DirectoryBench();
        bench.Settings.MissingShareMax = 100; // more is removed between two scans than it would believe
        var wrong = new List<string>();
        bench.BeforeApply = change =>
        {
            if (change.Type == "deleted" && Present(bench).ContainsKey(change.File.Native))
            {
                wrong.Add($"{change.File.Native}, which is {string.Join(" and ", Present(bench)[change.File.Native])}");
            }
        };
        Directory.CreateDirectory(bench.PathOf("a"));
        Directory.CreateDirectory(bench.PathOf("b"));
        bench.Start();

        // Some happen at once, some between the source's own looks, when it asks the store.
        var acts = 0;
        void Go(int burst)
        {
            lock (random)
            {
                for (; burst > 0 && acts < Acts; burst--, acts++)
                {
                    Act(bench, random);
                }
            }
        }

        bench.Store.BeforeFind = _ => Go(1);
        bench.Store.BeforeLoad = () => Go(1);
        for (var n = 0; acts < Acts; n++)
        {
            bench.FailNext(n % 5 == 4 ? 2 : 0);
            Go(1 + (n * seed % BurstMax));
            bench.Write($"seen-{n}");
            await Eventually.Is(() => bench.Live.Contains($"/seen-{n}"), () => $"seed {seed}: {n} is not seen");
            if (n % 8 == 7)
            {
                await bench.Stop();
                bench.Start();
            }
        }

        await Eventually.Is(() => IsKnownAsItIs(bench), () => $"seed {seed}: {string.Join(", ", bench.Live)} beside {string.Join(", ", Present(bench).Values.Select(p => string.Join("=", p)))}");
        Assert.True(wrong.Count == 0, $"seed {seed}: said to be deleted: {string.Join(", ", wrong)}");
    }

    private static void Act(DirectoryBench bench, Random random)
    {
        var (name, other) = (Name(random), Name(random));
        try
        {
            switch (random.Next(10))
            {
                case < 3:
                    File.WriteAllText(bench.PathOf(name), $"{random.Next()}");
                    break;
                case < 7:
                    File.Move(bench.PathOf(name), bench.PathOf(other), overwrite: true);
                    break;
                case 7:
                    File.Delete(bench.PathOf(name));
                    break;
                case 8 when File.Exists(bench.PathOf(name)) && !File.Exists(bench.PathOf(other)):
                    PosixFixture.Link(bench.PathOf(name), bench.PathOf(other));
                    break;
                case 9 when random.Next(4) == 0:
                    Directory.Move(bench.PathOf("a"), bench.PathOf("c"));
                    Directory.Move(bench.PathOf("b"), bench.PathOf("a"));
                    Directory.Move(bench.PathOf("c"), bench.PathOf("b"));
                    break;
            }
        }
        catch (IOException)
        {
            // The name is not there.
        }
    }

    private static string Name(Random random) => $"{(random.Next(2) == 0 ? "a" : "b")}/{random.Next(6)}";

    private static bool IsKnownAsItIs(DirectoryBench bench)
    {
        var present = Present(bench);
        var live = bench.LiveFiles;
        return live.Count == present.Count && live.All(f => present.TryGetValue(f.Native, out var names) && names.Contains(f.Path));
    }

    /// <summary>The names of each file that is there.</summary>
    private static Dictionary<string, List<string>> Present(DirectoryBench bench)
    {
        var names = new Dictionary<string, List<string>>();
        foreach (var file in Directory.EnumerateFiles(bench.Root, "*", SearchOption.AllDirectories).Where(f => !WatchedRoot.IsOurs(Path.GetFileName(f))))
        {
            var path = file[bench.Root.Length..];
            if (PosixFile.TryStat(file, out var stat, out _))
            {
                names.TryAdd(stat.Identity.ToString(), []);
                names[stat.Identity.ToString()].Add(path);
            }
        }

        return names;
    }
}
