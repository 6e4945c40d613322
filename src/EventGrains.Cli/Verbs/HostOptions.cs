using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EventGrains.Cli.Hosting;
using EventGrains.Silo;

namespace EventGrains.Cli.Verbs;

/// <summary>The options that <c>dev</c> and <c>server</c> share; each is a setting, and wins over all other places of it.</summary>
internal sealed class HostOptions(Surroundings surroundings)
{
    private readonly Option<string?> data = new("--data") { HelpName = "DIR", Description = "Where everything is kept." };
    private readonly Option<string[]> rules = new("--rules") { HelpName = "FILE|DIR", Description = "Rule files, or directories of them; may repeat." };
    private readonly Option<int?> port = new("--port") { HelpName = "N", Description = "The port, 8080 by default; 0 takes a free one." };
    private readonly Option<string?> listen = new("--listen") { HelpName = "ADDR", Description = "The IP address to listen on, 127.0.0.1 by default; any but loopback needs --token-file." };
    private readonly Option<string?> tokenFile = new("--token-file") { HelpName = "FILE", Description = "Bearer tokens, one a line, one of which each request must carry." };
    private readonly Option<string[]> actions = new("--actions") { HelpName = "FILE.dll", Description = "An assembly with action grains of your own; may repeat." };
    private readonly Option<string?> config = ConfigOption();
    private readonly Option<string[]> set = SetOption();
    private readonly Option<string?> logFormat = Words.Option<LogFormat>("--log-format", "How logs are written to stderr.");
    private readonly Option<string?> logLevel = Words.Option<Microsoft.Extensions.Logging.LogLevel>("--log-level", "The least level that is logged.");

    private readonly Option<string?> role = Words.Option<Role>("--role", "What this process is; other roles than all need --store postgres.");
    private readonly Option<string?> store = Words.Option<StoreKind>("--store", "Where state is kept: rocksdb, by this process alone; or postgres, by any number of silos.");
    private readonly Option<string?> postgres = new("--postgres") { HelpName = "CONNECTION", Description = "Host=...;Database=...;Username=...;Password=...; better by EVENTGRAINS_POSTGRES or --postgres-file, which no list of processes shows." };
    private readonly Option<string?> postgresFile = new("--postgres-file") { HelpName = "FILE", Description = "A file that holds the PostgreSQL connection." };
    private readonly Option<string?> cluster = new("--cluster") { HelpName = "NAME", Description = "Which silos and gateways belong together, eventgrains by default." };
    private readonly Option<string?> siloName = new("--silo-name") { HelpName = "NAME", Description = "This silo's name in status and logs." };
    private readonly Option<string?> advertise = new("--advertise") { HelpName = "ADDR", Description = "The IP address by which others reach this silo, 127.0.0.1 by default." };
    private readonly Option<bool> dashboard = new("--dashboard") { Description = "Serves Orleans' own dashboard at /dashboard; on every silo, so that each is measured." };
    private readonly Option<int?> siloPort = new("--silo-port") { HelpName = "P", Description = "The port for other silos, 11111 by default." };
    private readonly Option<int?> clientPort = new("--client-port") { HelpName = "Q", Description = "The port for gateways without a silo, 30000 by default." };

    /// <summary>What only a cluster has; <c>dev</c> is one process.</summary>
    public Symbol[] OfCluster => [role, store, postgres, postgresFile, cluster, siloName, advertise, siloPort, clientPort, dashboard];

    public Symbol[] All => [data, rules, port, listen, tokenFile, actions, config, set, logFormat, logLevel];

    public static Option<string?> ConfigOption() => new("--config") { HelpName = "FILE", Description = "Settings as one JSON object." };

    public static Option<string[]> SetOption() => new("--set") { HelpName = "KEY=VALUE", Description = "One setting; may repeat. `config list` shows the keys." };

    /// <summary>Default, file, environment (<c>EVENTGRAINS_...</c>), <c>--set</c>: the later wins.</summary>
    public static IReadOnlyList<SettingsLayer> Layers(Surroundings surroundings, string? config, string[]? sets)
    {
        List<SettingsLayer> layers = [];
        if (config is not null)
        {
            layers.Add(SettingsLayer.OfFile(surroundings, config));
        }

        return [.. layers, SettingsLayer.OfEnvironment(surroundings), SettingsLayer.OfSets(sets ?? [])];
    }

    public ServerSettings Read(ParseResult parsed, SettingsLayer? defaults, params (string Key, IEnumerable<string> Values)[] more)
    {
        IEnumerable<string> One(Option<string?> option) => parsed.GetValue(option) is { } value ? [value] : [];
        IEnumerable<string> Number(Option<int?> option) => parsed.GetValue(option) is { } value ? [value.ToString(CultureInfo.InvariantCulture)] : [];
        (string Key, IEnumerable<string> Values)[] given =
        [
            ("dataDirectory", One(data)),
            ("rules", parsed.GetValue(rules) ?? []),
            ("port", Number(port)),
            ("listen", One(listen)),
            ("tokenFile", One(tokenFile)),
            ("actionAssemblies", parsed.GetValue(actions) ?? []),
            ("role", One(role)),
            ("store", One(store)),
            ("postgres", One(postgres)),
            ("postgresFile", One(postgresFile)),
            ("cluster", One(cluster)),
            ("siloName", One(siloName)),
            ("advertise", One(advertise)),
            ("siloPort", Number(siloPort)),
            ("clientPort", Number(clientPort)),
            ("dashboard", parsed.GetValue(dashboard) ? ["true"] : []),
            ("logFormat", One(logFormat)),
            ("logLevel", One(logLevel)),
            .. more,
        ];
        var options = SettingsLayer.Of("option", given.Where(g => g.Values.Any()).ToArray());
        return ServerSettings.Read([.. defaults is null ? [] : new[] { defaults }, .. Layers(surroundings, parsed.GetValue(config), parsed.GetValue(set)), options]);
    }
}
