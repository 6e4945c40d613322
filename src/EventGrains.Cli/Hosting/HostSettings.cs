using EventGrains.Contracts.Settings;

namespace EventGrains.Cli.Hosting;

/// <summary>What can be set of the process around silo and gateway.</summary>
internal sealed class HostSettings
{
    [Setting("What this process is: all, silo, or gateway. Other roles than all need the store postgres. A silo serves health and metrics alone; a gateway keeps no state.")]
    public Role Role { get; set; } = Role.All;

    [Setting("The port to listen on; 0 takes a free one.", Unit = "port", Min = 0, Max = 65_535)]
    public int Port { get; set; } = 8080;

    [Setting("The IP address to listen on, or localhost. Anything but loopback needs a token file.")]
    public string Listen { get; set; } = "127.0.0.1";

    [Setting("A file of bearer tokens, one a line; every request must carry one of them.")]
    public string TokenFile { get; set; } = "";

    [Setting("Whether Orleans' own dashboard is served at /dashboard: grains, silos and their calls, for whoever has a token. It measures every call, which costs.")]
    public bool Dashboard { get; set; }

    [Setting("Rule files, or directories of them (*.yaml, *.yml).")]
    public string[] Rules { get; set; } = [];

    [Setting("Directories that dev watches; each declares a storage and a source named after its last part.")]
    public string[] Watch { get; set; } = [];

    [Setting("Assemblies of action grains to load before the silo starts.")]
    public string[] ActionAssemblies { get; set; } = [];

    [Setting("How logs are written to stderr: text or json.")]
    public LogFormat LogFormat { get; set; } = LogFormat.Text;

    [Setting("The least level that is logged: trace, debug, information, warning, error, critical or none.")]
    public Microsoft.Extensions.Logging.LogLevel LogLevel { get; set; } = Microsoft.Extensions.Logging.LogLevel.Information;
}

internal enum LogFormat
{
    Text,
    Json,
}

internal enum Role
{
    All,
    Silo,
    Gateway,
}
