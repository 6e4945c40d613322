using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace EventGrains.Tests.Postgres;

/// <summary>How a server is told to stop: <c>Fast</c> rolls back, writes all out and closes; <c>Immediate</c> leaves the rest to the next start.</summary>
internal enum StopMode
{
    Fast,
    Immediate,
}

/// <summary>One PostgreSQL of the machine's own programs, on loopback, with fsync on; it ends with this process, however that ends.</summary>
/// <remarks>Stopped or killed and started again, it is on the same port with the same data.</remarks>
internal sealed class PostgresInstance : IAsyncDisposable
{
    private const int PortsTriedMax = 20;

    // Below the ports that the kernel gives to outgoing connections: none of them takes ours while the server is down.
    private const int FirstPort = 20_000;
    private const int LastPort = 32_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Settings =
    [
        "fsync=on", "listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=64MB", "max_wal_size=1GB", "log_min_messages=log",
    ];

    private readonly Process _keeper;
    private readonly string _folder;

    private PostgresInstance(Process keeper, string folder) => (_keeper, _folder) = (keeper, folder);

    public int Port { get; private set; }

    /// <summary>Of its database <c>postgres</c>.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=postgres;Database=postgres;Include Error Detail=true";

    /// <summary>The server's first process.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>The parent of all that the server ever was: what its processes used is counted here when they have ended.</summary>
    public int KeeperId => _keeper.Id;

    /// <summary>Everything that it keeps; goes with it.</summary>
    public string Folder => _folder;

    /// <summary>Why none can be started here; null where one can.</summary>
    public static string? WhyNot() =>
        Programs() is null ? "no initdb and postgres: apt-get install postgresql"
        : Environment.IsPrivilegedProcess && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal))
            ? "PostgreSQL refuses to be run by root, and there is no user postgres"
        : null;

    /// <param name="settings">As in its configuration file, <c>name=value</c>; they win over ours.</param>
    public static Task<PostgresInstance> Launch(params string[] settings) => LaunchIn("/tmp", settings);

    /// <param name="place">A directory that its user may write to, such as a disk of its own.</param>
    public static async Task<PostgresInstance> LaunchIn(string place, params string[] settings)
    {
        string[] become = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : [];
        var keeper = Process.Start(new ProcessStartInfo("setsid", [.. become, "bash", "-c", PostgresKeeper.Script, "keeper", place, Programs()!, .. Settings.Concat(settings).SelectMany(s => (string[])["-c", s])])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var folder = await keeper.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException($"no folder for a PostgreSQL: the keeper ended with {keeper.ExitCode}");
        var instance = new PostgresInstance(keeper, folder);
        try
        {
            await instance.Tell("init");
            await instance.StartSomewhere();
            return instance;
        }
        catch
        {
            await instance.DisposeAsync();
            throw;
        }
    }

    /// <summary>After <see cref="Stop"/> or <see cref="Kill"/>; returns when it accepts connections, with all that it has to recover behind it.</summary>
    public Task Start() => Tell($"start {Port}");

    public Task Stop(StopMode mode) => Tell(mode == StopMode.Fast ? "fast" : "immediate");

    /// <summary><c>kill -9</c> of all its processes at once.</summary>
    public Task Kill() => Tell("kill");

    /// <summary>Runs SQL in <c>postgres</c> by a connection of its own; answers the first value, if there is one.</summary>
    public Task<object?> Run(string sql) => Run(ConnectionString, sql);

    public static async Task<object?> Run(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>A database that nobody else has.</summary>
    public Task<string> NewDatabase() => NewDatabase(ConnectionString);

    /// <summary>On the server that this connection string is of.</summary>
    public static async Task<string> NewDatabase(string server)
    {
        var database = $"eventgrains_{Guid.NewGuid():N}";
        await Run(server, $"CREATE DATABASE {database} TEMPLATE template0");
        return new NpgsqlConnectionStringBuilder(server) { Database = database }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync().WaitAsync(Patience);
        _keeper.Dispose();
    }

    /// <summary>Someone may take a port between our look and the server's, so another is tried.</summary>
    private async Task StartSomewhere()
    {
        for (var tried = 1; ; tried++)
        {
            Port = Random.Shared.Next(FirstPort, LastPort);
            try
            {
                await Start();
                return;
            }
            catch (InvalidOperationException) when (tried < PortsTriedMax && IsTaken(Port))
            {
            }
        }
    }

    private static bool IsTaken(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task Tell(string word)
    {
        await _keeper.StandardInput.WriteLineAsync(word);
        await _keeper.StandardInput.FlushAsync();
        if (await _keeper.StandardOutput.ReadLineAsync().WaitAsync(Patience) != "done")
        {
            var log = Path.Combine(_folder, "log");
            throw new InvalidOperationException($"PostgreSQL did not {word}: {(File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "no log")}");
        }
    }

    /// <summary>The directory that has them: what PATH finds, else Debian's newest.</summary>
    private static string? Programs()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(d => d.Length > 0)
            .Select(d => new FileInfo(Path.Combine(d, "initdb"))).Where(f => f.Exists)
            .Select(f => Path.GetDirectoryName((f.ResolveLinkTarget(returnFinalTarget: true) ?? f).FullName)!);
        var debian = !Directory.Exists("/usr/lib/postgresql") ? [] : Directory.EnumerateDirectories("/usr/lib/postgresql")
            .OrderByDescending(d => double.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var version) ? version : 0).Select(d => Path.Combine(d, "bin"));
        return onPath.Concat(debian).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")));
    }
}
