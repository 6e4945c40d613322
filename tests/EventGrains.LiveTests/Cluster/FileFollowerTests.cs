using System.Globalization;
using System.Text.Json;
using EventGrains.LiveTests.BadInput;
using EventGrains.Tests.Postgres;

namespace EventGrains.LiveTests.Cluster;

/// <summary>A grain of a user, subscribed by its class to the streams of all files, in a real cluster: <c>EventGrains.Follower</c>, loaded by <c>--actions</c>.</summary>
public sealed class FileFollowerTests : IAsyncDisposable
{
    private const int StreamAttemptsMax = 3;

    private static readonly string Follower = Path.Combine(
        Product.SourceTree, "loadtest", "EventGrains.Follower", "bin", AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "EventGrains.Follower.dll");

    private static readonly string[] Plain = Told.Names("plain", 24);
    private static readonly string[] Rewinding = Told.Names("rewind", 6);
    private static readonly string[] Poisoned = Told.Names("poison", 2);
    private static readonly string[] All = [.. Plain, .. Rewinding, .. Poisoned];

    private readonly string _directory = Product.NewDirectory();
    private readonly string _notes = Product.NewDirectory();

    [Fact]
    public async Task Each_grain_has_every_version_of_its_file_in_order_over_kills_and_restarts_and_what_it_fails_on_is_parked()
    {
        var servers = new Servers(
            _directory, await PostgresServer.NewDatabase(), "--actions", Follower, "--set", $"streamAttemptsMax={StreamAttemptsMax}", "--set", "streamBackOffFirstSeconds=0.1");
        var (first, second) = (servers.Next(), servers.Next());
        await using var one = await Start(first);
        await using (var two = await Start(second))
        {
            await Tell(one, 1, 3);
            await Tell(two, 4, 6);
            await Noted(one, 6);

            var telling = Tell(one, 7, 14);
            await Eventually.Is(() => Versions(Plain[0]).Max() > 7, () => "nothing comes");
            await two.Kill();
            await telling;
        }

        await Noted(one, 14);
        await using (var two = await Start(second))
        {
            await Tell(two, 15, 17);
            await Tell(one, 18, 20);
            await Noted(one, 20);

            // Each file's grain is somewhere else now, or begins anew.
            await StopsQuietly(one);
            await Tell(two, 21, 22);
            await Noted(two, 22);
            await StopsQuietly(two);
        }

        await using var last = await Start(first);
        await Tell(last, 23, 24);
        await Noted(last, 24);
        Assert.All(Rewinding, name => Assert.All(Activations(name), versions => Assert.Equal(Enumerable.Range(1, versions.Count), versions)));
        await IsParkedShownAndDeliveredAgain(last);
    }

    public async ValueTask DisposeAsync()
    {
        await Tool.Remove(_directory);
        await Tool.Remove(_notes);
    }

    private Task<Product> Start(string[] arguments) => Product.StartWith(new Dictionary<string, string> { ["EVENTGRAINS_TEST_FOLLOWED"] = _notes }, _directory, arguments);

    private static async Task StopsQuietly(Product server)
    {
        var before = server.Errors.Length;

        Assert.Equal(0, await server.Stop());

        Assert.DoesNotContain(server.Errors[before..].Split('\n'), line => line.Contains(" warn: ", StringComparison.Ordinal) || line.Contains(" fail: ", StringComparison.Ordinal));
    }

    /// <summary>One more version of each file with each of these numbers: it has another path.</summary>
    private static async Task Tell(Product server, int from, int through)
    {
        for (var version = from; version <= through; version++)
        {
            var time = new DateTime(2026, 3, 4, 9, 0, version, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture);
            await Told.PostUntilTaken(server, [.. All.Select(name => Told.Stored(name, $"/{version}/{name}", time: time))]);
        }
    }

    /// <summary>Every grain has all versions up to this one, each the first time after the one before; a poisoned one has all but what it fails on.</summary>
    private async Task Noted(Product server, int through)
    {
        foreach (var name in All)
        {
            var wanted = Enumerable.Range(1, through).Where(v => v != 2 || !Poisoned.Contains(name)).ToList();
            await Eventually.Is(() => InOrder(name).SequenceEqual(wanted), () => $"{name}: {string.Join(' ', Versions(name))}; of the log: {string.Join('\n', server.Errors.Split('\n').Where(line => line.Contains("Stream", StringComparison.Ordinal) || line.Contains(name, StringComparison.Ordinal)).TakeLast(40))}");
        }
    }

    private List<int> InOrder(string name) => DropSeen(Versions(name));

    /// <summary>As they came, whichever activation took them.</summary>
    private List<int> Versions(string name) => [.. Notes().Where(n => n.Name == name).OrderBy(n => n.Ticks).Select(n => n.Version)];

    /// <summary>Of each activation what it saw, without what it had seen.</summary>
    private IEnumerable<List<int>> Activations(string name) =>
        Notes().Where(n => n.Name == name).GroupBy(n => n.Activation).Select(a => DropSeen(a.OrderBy(n => n.Ticks).Select(n => n.Version)));

    private static List<int> DropSeen(IEnumerable<int> versions)
    {
        var seen = new List<int>();
        foreach (var version in versions)
        {
            if (seen.Count == 0 || version > seen[^1])
            {
                seen.Add(version);
            }
        }

        return seen;
    }

    private IEnumerable<(string Activation, long Ticks, string Name, int Version)> Notes() => Directory.EnumerateFiles(_notes).SelectMany(file => File.ReadAllLines(file)
        .Select(line => line.Split(' ')).Where(parts => parts.Length == 3)
        .Select(parts => (file, long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture))));

    private async Task IsParkedShownAndDeliveredAgain(Product server)
    {
        var parked = await server.Get("/v1/parked-deliveries");
        Assert.Equal(Poisoned.Select(name => $"files/cloudevents:{name}"), parked.GetProperty("items").EnumerateArray().Select(d => d.GetProperty("stream").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(parked.GetProperty("items").EnumerateArray(), delivery =>
        {
            Assert.Equal((2, StreamAttemptsMax), (delivery.GetProperty("index").GetInt32(), delivery.GetProperty("attempts").GetInt32()));
            Assert.Contains("cannot stand it", delivery.GetProperty("error").GetString(), StringComparison.Ordinal);
        });
        await Eventually.Is(async () => await server.Metric("eventgrains_parked_deliveries") == Poisoned.Length, () => "the metric counts no parked deliveries");
        var listed = await server.Run("parked-delivery", "list", "-o", "jsonl");
        var numbers = listed.Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("number").GetInt64().ToString(CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(Poisoned.Length, numbers.Count);

        await File.WriteAllTextAsync(Path.Combine(_notes, "mended"), "");
        Assert.Equal(0, (await server.Run("parked-delivery", "retry", numbers[0])).Exit);
        Assert.Equal(0, (await server.Run("parked-delivery", "discard", numbers[1])).Exit);

        await Eventually.Is(() => Poisoned.Count(name => Versions(name).Contains(2)) == 1, () => "it is not delivered again");
        Assert.Empty((await server.Get("/v1/parked-deliveries")).GetProperty("items").EnumerateArray());
        Assert.Equal(3, (await server.Run("parked-delivery", "retry", numbers[0])).Exit);
        await Eventually.Is(async () => await server.Metric("eventgrains_parked_deliveries") == 0, () => "the metric still counts parked deliveries");
    }
}
