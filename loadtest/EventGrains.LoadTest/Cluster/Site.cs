using System.Diagnostics;
using System.Globalization;
using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Report;
using EventGrains.LoadTest.Verbs;
using EventGrains.Tests.Faults;
using EventGrains.Tests.Postgres;
using Npgsql;

namespace EventGrains.LoadTest.Cluster;

/// <summary>A PostgreSQL and the silos and gateways around one database of it, all on loopback; each silo by a link of its own that can fail.</summary>
internal sealed class Site : IAsyncDisposable
{
    private const string AdaptiveHeap = "DOTNET_GCDynamicAdaptationMode";

    private static readonly TimeSpan GivesUpWithin = TimeSpan.FromSeconds(15);

    private readonly RunOptions _options;
    private readonly WorkDirectory _work;
    private readonly string _rules;
    private readonly Verdict _verdict;
    private readonly string[] _settings;
    private readonly List<FaultProxy> _links = [];
    private readonly List<Member> _silos = [];
    private readonly List<Member> _gateways = [];
    private readonly bool _isOurs;
    private volatile bool _isServerAway;
    private long _serverBack;

    private Site(RunOptions options, WorkDirectory work, string rules, Verdict verdict, string[] settings, PostgresInstance? server, bool isOurs, string database)
    {
        (_options, _work, _rules, _verdict, _settings) = (options, work, rules, verdict, settings);
        (Server, _isOurs, Database) = (server, isOurs, database);
    }

    /// <summary>Null when somebody else's is used.</summary>
    public PostgresInstance? Server { get; }

    /// <summary>Without a link between.</summary>
    public string Database { get; }

    public IReadOnlyList<Member> Silos => _silos;

    public IReadOnlyList<Member> Gateways => _gateways;

    public IEnumerable<Member> Members => _silos.Concat(_gateways).Distinct();

    /// <param name="postgres">A connection to a running server; without one the site has its own, which ends with it.</param>
    /// <param name="settings">Of every silo, each <c>KEY=VALUE</c>.</param>
    public static async Task<Site> Open(RunOptions options, WorkDirectory work, string rules, Verdict verdict, string? postgres, params string[] settings)
    {
        if (postgres is not null)
        {
            return new Site(options, work, rules, verdict, settings, null, false, await PostgresInstance.NewDatabase(postgres));
        }

        var server = await LaunchServer();
        return new Site(options, work, rules, verdict, settings, server, true, await server.NewDatabase());
    }

    /// <summary>A database of its own on a server that outlives it.</summary>
    public static async Task<Site> On(PostgresInstance server, RunOptions options, WorkDirectory work, string rules, Verdict verdict, params string[] settings) =>
        new(options, work, rules, verdict, settings, server, false, await server.NewDatabase());

    /// <summary>Silos and gateways start from now on with the settings of their runtime that <c>deploy/kubernetes</c> gives them, unless the caller's environment says otherwise.</summary>
    public static void StartAsDeployed() => Environment.SetEnvironmentVariable(AdaptiveHeap, Environment.GetEnvironmentVariable(AdaptiveHeap) ?? "0");

    public static Task<PostgresInstance> LaunchServer() =>
        PostgresInstance.WhyNot() is { } whyNot ? throw new ProductException($"no PostgreSQL: {whyNot}; or name a running one with --postgres") : PostgresInstance.Launch();

    /// <summary>Not started yet.</summary>
    public Member AddSilo()
    {
        var silo = Add("silo", _silos.Count, [.. Ports(), "role=silo"], Behind(NewLink()));
        _silos.Add(silo);
        return silo;
    }

    public Member AddGateway()
    {
        var gateway = Add("gateway", _gateways.Count, ["role=gateway"], Database);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>Silo and gateway in one process.</summary>
    /// <param name="delay">Each way to PostgreSQL; without one there is nothing between.</param>
    public Member AddServer(TimeSpan? delay)
    {
        var database = Database;
        if (delay is { } eachWay)
        {
            var link = NewLink();
            link.Delay(eachWay);
            database = Behind(link);
        }

        var server = Add("server", _silos.Count, Ports(), database);
        _silos.Add(server);
        _gateways.Add(server);
        return server;
    }

    /// <summary>The first silo alone, for it prepares the database; then all others at once.</summary>
    public async Task Start(CancellationToken ct)
    {
        await _silos[0].Start(ct);
        await Task.WhenAll(Members.Skip(1).Select(m => m.Start(ct)));
    }

    public async Task StopServer(StopMode mode)
    {
        _isServerAway = true;
        await Server!.Stop(mode);
    }

    public async Task StartServer()
    {
        await Server!.Start();
        _serverBack = Stopwatch.GetTimestamp();
        _isServerAway = false;
    }

    public FaultProxy LinkOf(Member silo) => _links[_silos.IndexOf(silo)];

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
        {
            await member.DisposeAsync();
        }

        foreach (var link in _links)
        {
            await link.DisposeAsync();
        }

        if (_isOurs)
        {
            await Server!.DisposeAsync();
        }
    }

    // Whoever tried to start meanwhile may take a moment to give up.
    private bool IsStartRefusable() => _isServerAway || (_serverBack > 0 && Stopwatch.GetElapsedTime(_serverBack) < GivesUpWithin);

    private FaultProxy NewLink()
    {
        var direct = new NpgsqlConnectionStringBuilder(Database);
        var link = new FaultProxy(direct.Host!, direct.Port);
        _links.Add(link);
        return link;
    }

    private string Behind(FaultProxy link) => new NpgsqlConnectionStringBuilder(Database) { Host = "127.0.0.1", Port = link.Port }.ConnectionString;

    private static string[] Ports() =>
        [string.Create(CultureInfo.InvariantCulture, $"siloPort={FreePorts.Take()}"), string.Create(CultureInfo.InvariantCulture, $"clientPort={FreePorts.Take()}")];

    private Member Add(string kind, int number, string[] settings, string database)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");
        string[] all =
        [
            "store=postgres", "cluster=loadtest", $"siloName={name}",
            $"postgres={new NpgsqlConnectionStringBuilder(database) { ApplicationName = name }.ConnectionString}",
            .. settings, .. kind == "gateway" ? [] : _settings,
        ];
        return new Member(name, new ServerLaunch(_options.Product, _work.MakeDirectory(name), _rules, 0, _work.File($"{name}.log"), all), IsStartRefusable, _verdict);
    }
}
