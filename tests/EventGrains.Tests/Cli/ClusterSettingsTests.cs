using System.Net;
using System.Net.Sockets;

namespace EventGrains.Tests.Cli;

/// <summary>What must fit together before a process joins a cluster; what does not is told with what to write.</summary>
public sealed class ClusterSettingsTests : IDisposable
{
    private const string Database = "Host=127.0.0.1;Port=1;Database=eg;Username=eg;Password=geheim";

    private readonly string directory = Directory.CreateTempSubdirectory("eventgrains-").FullName;

    public static TheoryData<string, string> Unfit { get; } = new()
    {
        { "--store postgres", "EVENTGRAINS_POSTGRES" },
        { "--role gateway", "--store postgres" },
        { "--role silo --data d", "--store postgres" },
        { "--store postgres --postgres Database=eg", "names no Host" },
        { "--store postgres --postgres postgres://eg:geheim@db/eg", "Write Host=" },
        { "--store postgres --postgres-file not-there", "Cannot read --postgres-file" },
        { "--store postgres --postgres-file empty", "is empty" },
        { "--store postgres --postgres Host=db --postgres-file connection", "Leave out one of them" },
        { "--store postgres --postgres Host=db --silo-port 7 --client-port 7", "must be three ports" },
        { "--store postgres --postgres Host=db --silo-port 0", "from 1 to 65,535" },
        { "--store postgres --postgres Host=db --client-port 70000", "from 1 to 65,535" },
        { "--store postgres --postgres Host=db --advertise here", "no address that others could reach" },
        { "--store postgres --postgres Host=db --advertise 0.0.0.0", "--advertise 10.0.0.5" },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task What_does_not_fit_together_is_exit_code_2_with_what_to_write(string options, string words)
    {
        var ran = await Server(options.Split(' '));

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--silo-port", "--client-port")]
    [InlineData("--client-port", "--silo-port")]
    public async Task A_silo_port_in_use_is_exit_code_8_and_names_its_option(string taken, string other)
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();

        var ran = await Server("--store", "postgres", "--postgres", Database, "--port", "0", taken, $"{((IPEndPoint)holder.LocalEndpoint).Port}", other, "1024");

        Assert.Equal(8, ran.ExitCode);
        Assert.Contains($"choose another by {taken} N", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_at_the_start_is_exit_code_10_so_that_units_start_again()
    {
        var (peers, clients) = FreePorts();

        var ran = await Server("--store", "postgres", "--role", "silo", "--postgres", Database, "--port", "0", "--silo-port", peers, "--client-port", clients, "--set", "storeWaitSeconds=0");

        Assert.Equal(10, ran.ExitCode);
        Assert.Contains("127.0.0.1:1/eg does not answer", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dev_is_no_part_of_a_cluster()
    {
        var ran = await Ran.With(new RunWith { Directory = directory, Environment = { ["EVENTGRAINS_STORE"] = "postgres" } }, "dev");

        Assert.Equal(2, ran.ExitCode);
        Assert.Contains("eventgrains server --store postgres", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_of_settings_shows_the_database_without_its_password()
    {
        var ran = await Ran.With(new RunWith { Environment = { ["EVENTGRAINS_POSTGRES"] = Database } }, "config", "list", "-o", "json");

        Assert.Equal(0, ran.ExitCode);
        Assert.Contains("Database=eg", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", ran.Out, StringComparison.Ordinal);
    }

    private static (string, string) FreePorts()
    {
        using TcpListener first = new(IPAddress.Loopback, 0), second = new(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return ($"{((IPEndPoint)first.LocalEndpoint).Port}", $"{((IPEndPoint)second.LocalEndpoint).Port}");
    }

    private Task<Ran> Server(params string[] options)
    {
        File.WriteAllText(Path.Combine(directory, "empty"), "\n");
        File.WriteAllText(Path.Combine(directory, "connection"), Database);
        File.WriteAllText(Path.Combine(directory, "rules.yaml"), "");
        return Ran.With(new RunWith { Directory = directory }, ["server", "--rules", "rules.yaml", .. options]);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
