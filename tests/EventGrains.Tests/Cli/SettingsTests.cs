using System.Text.Json;
using EventGrains.Cli;
using EventGrains.Cli.Hosting;

namespace EventGrains.Tests.Cli;

public sealed class SettingsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("eventgrains-settings-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Of_several_places_the_stronger_one_holds_and_is_named()
    {
        var config = Write("eventgrains.json", """{ "shards": 32, "filesCachedMax": 1000, "commitQueueMax": 16 }""");
        var with = new RunWith { Environment = { ["EVENTGRAINS_FILES_CACHED_MAX"] = "2000", ["EVENTGRAINS_COMMITQUEUEMAX"] = "17" } };

        var ran = await Ran.With(with, "config", "list", "--config", config, "--set", "commitQueueMax=18", "-o", "jsonl");

        var values = ran.Lines.Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(e => e.GetProperty("key").GetString()!);
        Assert.Equal((32, config), (values["shards"].GetProperty("value").GetInt32(), values["shards"].GetProperty("from").GetString()));
        Assert.Equal((2000, "environment"), (values["filesCachedMax"].GetProperty("value").GetInt32(), values["filesCachedMax"].GetProperty("from").GetString()));
        Assert.Equal((18, "--set"), (values["commitQueueMax"].GetProperty("value").GetInt32(), values["commitQueueMax"].GetProperty("from").GetString()));
        Assert.Equal((20_000, "default", "events"), (values["commitEventsMax"].GetProperty("default").GetInt32(), values["commitEventsMax"].GetProperty("from").GetString(), values["commitEventsMax"].GetProperty("unit").GetString()));
    }

    [Theory]
    [InlineData("filesCachdMax=1", "no setting 'filesCachdMax'")]
    [InlineData("shards=4097", "from 0 to 4,096 (shards)")]
    [InlineData("shards=many", "from 0 to 4,096 (shards)")]
    [InlineData("shards:0=1", "must be a whole number", false)]
    [InlineData("port=70000", "from 0 to 65,535")]
    [InlineData("logLevel=7", "one of trace, debug")]
    [InlineData("shards", "KEY=VALUE")]
    [InlineData("a:b=1", "plain keys")]
    public async Task A_wrong_setting_is_refused_with_what_to_write(string set, string told, bool isWrong = true)
    {
        var ran = await Ran.Of("config", "list", "--set", set);

        Assert.Equal(isWrong ? 2 : 0, ran.ExitCode);
        if (isWrong)
        {
            Assert.Empty(ran.Out);
            Assert.Contains(told, ran.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        var ran = await Ran.With(new RunWith { Environment = { ["EVENTGRAINS_BOGUS"] = "1" } }, "config", "list", "--set", "shards=4097", "--set", "filesCachedMax=1");

        Assert.All(["environment: there is no setting 'BOGUS'", "--set: shards", "--set: filesCachedMax"], p => Assert.Contains(p, ran.Error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"shards":{"deep":1}}""")]
    public async Task A_file_that_is_not_settings_is_refused(string text) =>
        Assert.Equal(2, (await Ran.Of("config", "list", "--config", Write("bad.json", text))).ExitCode);

    [Fact]
    public void A_list_is_taken_from_one_place_as_a_whole()
    {
        var settings = ServerSettings.Read(
            SettingsLayer.Of("dev", ("watch", ["./inbox"])),
            SettingsLayer.OfEnvironment(new RunWith { Environment = { ["EVENTGRAINS_WATCH__0"] = "a", ["EVENTGRAINS_WATCH__1"] = "b" } }.Surroundings(TextWriter.Null, TextWriter.Null)));

        Assert.Equal(["a", "b"], settings.Host.Watch);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30s", 30)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("7", 7)]
    public void Durations_are_written_as_people_write_them(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds, 6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1s")]
    [InlineData("s")]
    [InlineData("10 s")]
    [InlineData("999999h")]
    [InlineData("1e9")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    private string Write(string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, text);
        return path;
    }
}
