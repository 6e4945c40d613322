using System.Text.RegularExpressions;

namespace EventGrains.LoadTest.Cluster;

/// <summary>Lines of one kind, however often: numbers and names aside they say the same.</summary>
/// <param name="Level"><c>fail</c>, <c>crit</c>, or <c>crash</c> for what the runtime says of a process that dies.</param>
internal sealed record LogFinding(string Level, string Category, string Text, int Count, string Example);

/// <summary>What servers wrote to stderr that somebody would have to look at.</summary>
internal static partial class ServerLog
{
    private const int TextMax = 200;

    /// <summary>Lines are of one kind when so much of them is alike.</summary>
    private const int KindMax = 50;

    public static IReadOnlyList<LogFinding> Findings(IEnumerable<string> lines) =>
    [
        .. lines.Select(Read).OfType<(string Level, string Category, string Text)>()
            .GroupBy(l => (l.Level, l.Category, Kind: Alike(l.Text)))
            .Select(g => new LogFinding(g.Key.Level, g.Key.Category, g.Key.Kind, g.Count(), Cut(g.First().Text)))
            .OrderByDescending(f => f.Count),
    ];

    /// <summary>
    /// A process that crashed always is a finding. What the parts below us call an error is their way to say that a peer or the database
    /// is away, and is only counted while faults are done or members are replaced; what we call one is expected of few.
    /// </summary>
    public static bool IsUnexpected(LogFinding finding, bool withFaults, bool withUpgrade = false) =>
        !(withFaults || withUpgrade) || finding.Level == "crash"
        || (finding.Category.StartsWith("EventGrains", StringComparison.Ordinal) && !(withFaults ? Told : ToldOfUpgrade).Any(finding.Category.EndsWith));

    /// <summary>What a fault must make us say: a silo that was declared dead, a commit that the database did not take, subscriptions that could not be read.</summary>
    private static readonly string[] Told = [".DeadSilo", ".Committer", ".SubscriptionStorage"];

    /// <summary>A grain that keeps a stream's subscriptions may be there twice for a moment while silos come and go: what the second one writes is refused, and tried again.</summary>
    private static readonly string[] ToldOfUpgrade = [".SubscriptionStorage"];

    private static (string Level, string Category, string Text)? Read(string line) =>
        Leveled().Match(line) is { Success: true } match ? (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value)
        : Crash().IsMatch(line) ? ("crash", "", line)
        : null;

    private static string Alike(string text) => Cut(Changing().Replace(text, "#"), KindMax);

    private static string Cut(string text, int max = TextMax) => text.Length > max ? text[..max] : text;

    [GeneratedRegex(@"^[\d:.]+ (fail|crit): ([\w.+`]+)\[\d+\]\s?(.*)$")]
    private static partial Regex Leveled();

    [GeneratedRegex(@"^(Unhandled exception|Fatal error|Process terminated|Stack overflow|Out of memory)")]
    private static partial Regex Crash();

    [GeneratedRegex(@"[0-9a-fA-F]{8,}|\d+")]
    private static partial Regex Changing();
}
