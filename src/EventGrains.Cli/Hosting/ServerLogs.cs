using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace EventGrains.Cli.Hosting;

/// <summary>Logs go to stderr, whatever their level: stdout is for answers.</summary>
internal static class ServerLogs
{
    public static void AddServerLogs(this ILoggingBuilder logging, HostSettings settings)
    {
        logging.ClearProviders();
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (settings.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "HH:mm:ss.fff ";
                text.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        // The parts we stand on tell much at `information` that only their authors need.
        var ours = settings.LogLevel;
        // Its first look counts from the machine's start, and so it cries wolf at every start of ours.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // Stages that wait on purpose (what gateways asked for is answered, shards go elsewhere first) are a warning to it at every clean stop.
        logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.Error);

        // Orleans tries again by it, and warns of what in the end did not help.
        logging.AddFilter("Polly", LogLevel.Error);
        var theirs = ours == LogLevel.Information ? LogLevel.Warning : ours;
        logging.SetMinimumLevel(theirs);
        logging.AddFilter("EventGrains", ours);

        // Orleans speaks in their names, of ranges that mean nothing here.
        logging.AddFilter("EventGrains.Silo.Status.SiloLookService", theirs);
        logging.AddFilter("EventGrains.Silo.Actions.ActionsService", theirs);
    }
}
