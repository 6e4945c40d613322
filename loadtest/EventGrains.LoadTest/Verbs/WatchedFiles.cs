using System.IO.Hashing;
using EventGrains.LoadTest.Generator;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Verbs;

/// <summary>Real files written into a watched directory; a rule mirrors each and then runs a command that leaves a mark.</summary>
internal sealed class WatchedFiles(int seed, int files, WorkDirectory work)
{
    private const int BytesMax = 400_000;
    private const int FilesPerDirectory = 50;
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(5);

    private readonly string _watched = work.MakeDirectory(RuleFile.WatchedStorage);
    private readonly string _mirror = work.MakeDirectory("mirror");
    private readonly string _marks = work.MakeDirectory("marks");
    private readonly string _aside = work.MakeDirectory("aside");

    public int Count => files;

    public string Rules => RuleFile.ForWatchedFiles(_watched, _mirror, _marks);

    /// <summary>Writes all files over a time, in place and in pieces, or aside and renamed into place; into directories that come while it writes.</summary>
    public async Task Write(TimeSpan over, CancellationToken ct)
    {
        for (var n = 0; n < files; n++)
        {
            var path = _watched + PathOf(n);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var bytes = BytesOf(n);
            if (n % 3 == 0)
            {
                var aside = Path.Combine(_aside, Path.GetFileName(path));
                await File.WriteAllBytesAsync(aside, bytes, ct);
                File.Move(aside, path);
            }
            else
            {
                await using var file = File.Create(path);
                await file.WriteAsync(bytes.AsMemory(0, bytes.Length / 2), ct);
                await file.FlushAsync(ct);
                await Task.Delay(2, ct);
                await file.WriteAsync(bytes.AsMemory(bytes.Length / 2), ct);
            }

            await Task.Delay(over / files, ct);
        }
    }

    /// <summary>Until the product knows all of them: from then on their steps tell what is still to come.</summary>
    public Task Settle(ServerClient client, CancellationToken ct) =>
        Settling.Until(
            $"all {files} watched files to be known",
            Within,
            async () => await client.Files($"storage={RuleFile.WatchedStorage}&path={Uri.EscapeDataString("/drop/**")}", ct)
                .CountAsync(file => file.Existence == "stored", ct) == files,
            ct);

    /// <summary>What the product says of them, and what lies in the mirror.</summary>
    public void Examine(IReadOnlyList<FileAnswer> answers, Verdict verdict)
    {
        var byPath = answers.GroupBy(a => a.Path ?? "").ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
        for (var n = 0; n < files; n++)
        {
            var (path, bytes) = (PathOf(n), BytesOf(n));
            if (byPath.GetValueOrDefault(path) is not [var answer])
            {
                verdict.AddLost(1, $"{RuleFile.WatchedStorage}:{path} is known {byPath.GetValueOrDefault(path)?.Count ?? 0} times");
                continue;
            }

            if (answer is not { Existence: "stored", Status: "processed" } || answer.Size != bytes.Length)
            {
                verdict.AddWrongState($"{answer.Id} {path}: {answer.Existence} {answer.Status} {answer.Size}; expected stored processed {bytes.Length}");
            }

            ExamineCopy(path, bytes, verdict);
            if (!File.Exists(Path.Combine(_marks, answer.Id)))
            {
                verdict.AddOther($"the command did not run on {answer.Id}");
            }
        }

        ExamineStrays(verdict);
    }

    private void ExamineCopy(string path, byte[] bytes, Verdict verdict)
    {
        var copy = new FileInfo(_mirror + path);
        if (!copy.Exists)
        {
            verdict.AddOther($"{path} is not in the mirror");
        }
        else if (XxHash3.HashToUInt64(File.ReadAllBytes(copy.FullName)) != XxHash3.HashToUInt64(bytes))
        {
            verdict.AddOther($"{path} in the mirror is not whole: {copy.Length} of {bytes.Length} bytes, or other ones");
        }
    }

    // Part files, copies under a wrong name, files of the mirror that nobody wrote.
    private void ExamineStrays(Verdict verdict)
    {
        var expected = Enumerable.Range(0, files).Select(n => _mirror + PathOf(n)).ToHashSet(StringComparer.Ordinal);
        foreach (var stray in Directory.EnumerateFiles(_mirror, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            if (!expected.Contains(stray))
            {
                verdict.AddOther($"{stray} was left behind in the mirror");
            }
        }
    }

    private static string PathOf(int n) => $"/drop/day{n / FilesPerDirectory}/f{n:D5}.bin";

    private byte[] BytesOf(int n)
    {
        var dice = Dice.For((ulong)seed, 0xF11E_0000UL + (ulong)n);
        var bytes = new byte[dice.Below(BytesMax)];
        for (var i = 0; i < bytes.Length; i += 8)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i, Math.Min(8, bytes.Length - i)), dice.Next());
        }

        return bytes;
    }
}
