using System.Net;
using System.Net.Sockets;
using EventGrains.Cli.Output;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;

namespace EventGrains.Cli.Hosting;

/// <summary>What must fit together before a process joins a cluster, and what follows from it.</summary>
internal static class ClusterSettings
{
    /// <summary>Refuses what cannot be meant, and fills in what was left open.</summary>
    /// <exception cref="VerbFailure">Exit code 2: what does not fit, and what to write.</exception>
    public static void Complete(Surroundings surroundings, ServerSettings settings)
    {
        var (host, silo) = (settings.Host, settings.Silo);
        if (silo.Store == StoreKind.Rocksdb)
        {
            if (host.Role != Role.All)
            {
                throw Usage($"A {SettingText.Of(host.Role)} alone needs a store that other processes share. Give --store postgres --postgres CONNECTION, or leave out --role.");
            }

            return;
        }

        silo.Postgres = Connection(surroundings, silo);
        if (host.Role != Role.Gateway)
        {
            CheckPorts(host, silo);
            silo.Advertise = Advertised(host, silo);
            if (silo.DataDirectory.Length == 0)
            {
                silo.DataDirectory = Path.Combine(Path.GetTempPath(), $"eventgrains-{silo.SiloPort}");
            }
        }
    }

    /// <summary>Held for a moment before anything else is opened, so that a port in use is told at once and by its own name.</summary>
    /// <exception cref="VerbFailure">Exit code 8.</exception>
    public static void CheckFree(SiloSettings silo)
    {
        var address = IPAddress.Parse(silo.Advertise);
        var listened = IPAddress.IsLoopback(address) ? address : address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        foreach (var (option, port) in new[] { ("--silo-port", silo.SiloPort), ("--client-port", silo.ClientPort) })
        {
            using var socket = new Socket(listened.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(listened, port));
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new VerbFailure(
                    ExitCode.PortInUse, $"Port {port} is in use. Stop the program that holds it (is another silo running?), or choose another by {option} N.", e);
            }
            catch (SocketException e)
            {
                throw new VerbFailure(ExitCode.Usage, $"Cannot listen on port {port}: {e.Message}. Choose another by {option} N.", e);
            }
        }
    }

    private static string Connection(Surroundings surroundings, SiloSettings silo)
    {
        if (silo.Postgres.Length > 0 && silo.PostgresFile.Length > 0)
        {
            throw Usage("Both a PostgreSQL connection and a file with one are given. Leave out one of them: `eventgrains config list` shows where each came from.");
        }

        var connection = silo.PostgresFile.Length > 0 ? InFile(surroundings, silo.PostgresFile) : silo.Postgres;
        if (connection.Length == 0)
        {
            throw Usage("--store postgres needs the database: give it by EVENTGRAINS_POSTGRES, --postgres-file FILE, or --postgres \"Host=...;Database=...;Username=...;Password=...\".");
        }

        try
        {
            PostgresConnection.Parse(connection);
            return connection;
        }
        catch (FormatException e)
        {
            throw Usage(e.Message);
        }
    }

    private static string InFile(Surroundings surroundings, string file)
    {
        try
        {
            return File.ReadAllText(surroundings.PathOf(file)).Trim() is { Length: > 0 } connection
                ? connection
                : throw Usage($"--postgres-file '{Printable.Of(file)}' is empty. It must hold the PostgreSQL connection, in one line.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbFailure(ExitCode.Usage, $"Cannot read --postgres-file '{Printable.Of(file)}': {e.Message}", e);
        }
    }

    private static void CheckPorts(HostSettings host, SiloSettings silo)
    {
        if (silo.SiloPort == silo.ClientPort || (host.Port != 0 && (host.Port == silo.SiloPort || host.Port == silo.ClientPort)))
        {
            throw Usage($"--port {host.Port}, --silo-port {silo.SiloPort} and --client-port {silo.ClientPort} must be three ports.");
        }
    }

    // What others reach this silo by: said, or else the one address that is listened on.
    private static string Advertised(HostSettings host, SiloSettings silo)
    {
        var text = silo.Advertise.Length > 0 ? silo.Advertise : host.Listen;
        var address = text == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(text, out var parsed) ? parsed
            : throw Usage($"'{text}' is no address that others could reach this silo by. Write its IP address: --advertise 10.0.0.5");
        return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? throw Usage($"Others cannot reach this silo by {text}. Say by which of this machine's addresses they can: --advertise 10.0.0.5 (in Kubernetes the pod's own).")
            : address.ToString();
    }

    private static VerbFailure Usage(string message) => new(ExitCode.Usage, message);
}
