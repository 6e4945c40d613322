using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EventGrains.Cli.Hosting;
using EventGrains.Cli.Output;
using EventGrains.Rules;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;

namespace EventGrains.Cli.Verbs;

/// <summary><c>dev</c> and <c>server</c>, and <c>config list</c>, which shows what they would run with.</summary>
internal static class HostVerbs
{
    private const string DevDirectory = "./eventgrains-dev";
    private const string DevInbox = "./inbox";

    public static Verb Dev(Surroundings surroundings)
    {
        var options = new HostOptions(surroundings);
        var watch = new Option<string[]>("--watch") { HelpName = "DIR", Description = $"A directory to watch, may repeat; {DevInbox} (created) without it." };
        var verb = new Verb("dev", "Runs everything in this process to try it out: a store, a watched directory, sample rules.", "eventgrains dev --watch ./inbox")
            .With([watch, .. options.All]);
        verb.SetAction((parsed, stop) =>
        {
            var defaults = SettingsLayer.Of("dev", ("dataDirectory", [DevDirectory]), ("watch", [DevInbox]));
            return RunDev(surroundings, options.Read(parsed, defaults, ("watch", parsed.GetValue(watch) ?? [])), stop);
        });
        return verb;
    }

    public static Verb Server(Surroundings surroundings)
    {
        var options = new HostOptions(surroundings);
        var verb = new Verb("server", "Runs silo and gateway for production.", "eventgrains server --data /var/lib/eventgrains --rules /etc/eventgrains/rules")
            .With([.. options.All, .. options.OfCluster]);
        verb.SetAction((parsed, stop) =>
        {
            var settings = options.Read(parsed, null);
            ClusterSettings.Complete(surroundings, settings);
            if (settings.Host.Rules.Length == 0 || (settings.Silo.DataDirectory.Length == 0 && settings.Silo.Store == StoreKind.Rocksdb))
            {
                throw new VerbFailure(ExitCode.Usage, "`server` needs --data DIR and --rules FILE|DIR (or the settings dataDirectory and rules). To try it out with neither: eventgrains dev");
            }

            return Run(surroundings, settings, "", null, stop);
        });
        return verb;
    }

    public static Verb Config(Surroundings surroundings)
    {
        var config = HostOptions.ConfigOption();
        var set = HostOptions.SetOption();
        var output = Outputs.Option();
        var list = new Verb("list", "Lists all settings: value, default, unit, and where the value came from.", "eventgrains config list --config eventgrains.json").With(config, set, output);
        list.SetAction(parsed =>
        {
            var settings = ServerSettings.Read(HostOptions.Layers(surroundings, parsed.GetValue(config), parsed.GetValue(set)));
            Print(Outputs.Printer(surroundings, parsed, output), settings.Values);
            return ExitCode.Ok;
        });
        return Verb.Group("config", "Settings of dev and server.", "eventgrains config list", list);
    }

    private static Task<int> RunDev(Surroundings surroundings, ServerSettings settings, CancellationToken stop)
    {
        if (settings.Silo.Store != StoreKind.Rocksdb || settings.Host.Role != Role.All)
        {
            throw new VerbFailure(ExitCode.Usage, "`dev` is one process with a store of its own. For a cluster: eventgrains server --store postgres --postgres CONNECTION --rules FILE|DIR");
        }

        var data = surroundings.PathOf(settings.Silo.DataDirectory);
        if (settings.Silo.DataDirectory == DevDirectory)
        {
            surroundings.Error.WriteLine($"Everything is kept in {DevDirectory}. Delete it to begin anew, or keep data elsewhere by --data DIR.");
        }

        foreach (var directory in settings.Host.Watch)
        {
            Create(surroundings.PathOf(directory), ExitCode.Usage, $"Cannot create the directory '{Printable.Of(directory)}'", "Name another by --watch DIR.");
        }

        var isNew = !Directory.Exists(data) || !Directory.EnumerateFileSystemEntries(data).Any();
        var greeting = settings.Host.Watch.Length == 0 ? "" : $"   watching {string.Join(", ", settings.Host.Watch.Select(Printable.Of))}";
        return Run(surroundings, settings, greeting, new DevLines(surroundings, fromEarliest: isNew), stop);
    }

    private static Task<int> Run(Surroundings surroundings, ServerSettings settings, string greeting, DevLines? lines, CancellationToken stop)
    {
        settings.Silo.DataDirectory = surroundings.PathOf(settings.Silo.DataDirectory);
        var definitions = RuleText.Definitions(surroundings, settings.Host, settings.Silo.DataDirectory);
        CreateMirrors(definitions, settings.Silo);
        return ServerHost.Run(surroundings, new HostPlan(settings, definitions, greeting, lines), stop);
    }

    /// <summary>Roots of replica storages below the data directory are ours to make; any other root may be a mount that is missing, and is not.</summary>
    private static void CreateMirrors(Definitions definitions, SiloSettings settings)
    {
        var silo = PostgresCluster.NameOf(settings);
        foreach (var root in definitions.Storages.Where(s => s.Role == StorageRole.Replica && s.Silos.Include(silo)).Select(s => s.Root).OfType<string>())
        {
            if (root.StartsWith(settings.DataDirectory.TrimEnd('/') + "/", StringComparison.Ordinal))
            {
                Create(root, ExitCode.DataDirectory, $"The data directory cannot be written: '{Printable.Of(root)}'", "Give this user the right to write there, mount it for writing, or choose another data directory.");
            }
        }
    }

    private static void Create(string path, int exitCode, string problem, string remedy)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailure(exitCode, $"{problem}: {e.Message} {remedy}", e);
        }
    }

    private static void Print(Printer printer, IReadOnlyList<SettingValue> values)
    {
        var items = JsonSerializer.Serialize(new { items = values.Select(Item) }, JsonText.Compact);
        if (printer.IsJson)
        {
            printer.One(items, _ => { });
            return;
        }

        using var document = JsonDocument.Parse(items);
        printer.Items(
            document.RootElement.Items("items").ToList(),
            [Column.Of("key"), Column.Of("value"), Column.Of("default"), Column.Of("unit"), Column.Of("from"), Column.Of("meaning")]);
    }

    private static object Item(SettingValue v) => new
    {
        v.Key,
        Value = Plain(v.Value),
        Default = Plain(v.Default),
        v.Unit,
        v.From,
        v.Meaning,
        v.Min,
        v.Max,
    };

    private static object Plain(object value) => value is int or long or double or bool or string[] ? value : SettingText.Of(value);
}
