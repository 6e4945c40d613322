using System.Globalization;
using System.Net;
using System.Text;
using EventGrains.LoadTest.Report;

namespace EventGrains.LoadTest.Cluster;

/// <summary>A cluster run as one HTML page that needs nothing beside it.</summary>
internal static class ClusterPage
{
    private const string Style =
        "body{font-family:sans-serif;max-width:1140px;margin:2em auto;color:#222}table{border-collapse:collapse;margin:1em 0}"
        + "td,th{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:left}td.n{text-align:right}.bad{color:#b00;font-weight:bold}.good{color:#070;font-weight:bold}";

    /// <summary>Does nothing without a path.</summary>
    public static void Write(string? path, ClusterResult result)
    {
        if (path is not null)
        {
            File.WriteAllText(path, Html(result));
        }
    }

    public static string Html(ClusterResult result)
    {
        var isGood = result.Lost + result.Repeated + result.WrongStates + result.Others == 0;
        var html = new StringBuilder();
        Add(html, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>EventGrains: {Text(result.Scenario)}, {result.Silos} silos</title><style>{Style}</style></head><body>\n");
        Add(html, $"<h1>{Text(result.Scenario)}: {result.Silos} silos, {result.Gateways} gateways, {result.Rate:#,0} events/s for {result.Seconds} s</h1>\n");
        Add(html, $"<p>{Text(result.Machine)}; commit {Text(result.Commit)}; seed {result.Seed}; {result.Shards} shards</p>\n");
        Add(html, $"<p class=\"{(isGood ? "good" : "bad")}\">{(isGood ? "Nothing lost, nothing repeated, every state as planned." : $"FAILED: lost {result.Lost}, repeated {result.Repeated}, wrong states {result.WrongStates}, others {result.Others}")}</p>\n");
        AddTable(
            html,
            ["offered", "files", "transitions", "p50", "p99", "worst", "CPU", "of that PostgreSQL", "events per CPU s"],
            [[
                $"{result.Offered:#,0}", $"{result.Files:#,0}", $"{result.Transitions:#,0}", $"{result.Latency.P50:0} ms", $"{result.Latency.P99:0} ms", $"{result.Latency.Max / 1000:0.0} s",
                $"{result.CpuSeconds:0} s", $"{ClusterReport.Seconds(result.PostgresCpuSeconds)}", $"{result.EventsPerCpuSecond:#,0}",
            ]]);
        html.Append(Throughput(result).ToSvg()).Append(Latency(result).ToSvg());
        if (result.Faults.Count > 0)
        {
            html.Append("<h2>Healing</h2>\n");
            AddTable(html, ["fault", "count", "median", "worst", "client errors"], result.Kinds.Select(k => (FormattableString[])[$"{k.Kind}", $"{k.Count}", $"{ClusterReport.Seconds(k.Median)}", $"{ClusterReport.Seconds(k.Worst)}", $"{ClusterReport.Count(k.ClientErrors)}"]));
            AddTable(html, ["at", "fault", "target", "healed in", "by HTTP", "by log", "stalled", "apart from healing", "client errors", ""], result.Faults.Select(f => (FormattableString[])[$"{f.StartedAt:0.0} s", $"{f.Kind}", $"{f.Target}", $"{ClusterReport.Seconds(f.HealedAfter)}", $"{ClusterReport.Seconds(f.HttpHealedAfter)}", $"{ClusterReport.Seconds(f.LogHealedAfter)}", $"{ClusterReport.Seconds(f.StalledSeconds)}", $"{ClusterReport.Seconds(f.LaterStallSeconds)}", $"{ClusterReport.Count(f.ClientErrors)}", $"{f.Note}"]));
        }

        if (result.Examples.Count > 0)
        {
            html.Append("<h2>Findings</h2>\n<ul>");
            result.Examples.ToList().ForEach(e => Add(html, $"<li>{Text(e)}</li>\n"));
            html.Append("</ul>\n");
        }

        html.Append("<h2>Errors in the servers' logs</h2>\n");
        AddTable(html, ["lines", "level", "category", "example"], result.LogFindings.Select(f => (FormattableString[])[$"{f.Count}", $"{f.Level}", $"{f.Category}", $"{f.Example}"]));
        return html.Append("</body></html>\n").ToString();
    }

    private static Plot Throughput(ClusterResult result)
    {
        var plot = new Plot("events per second", result.Series.Count, isLogarithmic: false);
        plot.AddLine("offered", "#555", result.Series.Select(s => ((double)s.Second, (double)s.Offered)));
        plot.AddLine("acknowledged (HTTP)", "#06c", result.Series.Select(s => ((double)s.Second, (double)s.Acknowledged)));
        plot.AddLine("transitions, all SSE", "#393", result.Series.Select(s => ((double)s.Second, (double)s.Seen)));
        return Marked(plot, result);
    }

    private static Plot Latency(ClusterResult result)
    {
        var plot = new Plot("milliseconds from due to seen, by the second it was due in", result.Series.Count, isLogarithmic: true);
        plot.AddLine("p50", "#393", result.Series.Select(s => ((double)s.Second, s.Latency.P50)));
        plot.AddLine("p99", "#c70", result.Series.Select(s => ((double)s.Second, s.Latency.P99)));
        plot.AddLine("worst", "#c03", result.Series.Select(s => ((double)s.Second, s.Latency.Max)));
        return Marked(plot, result);
    }

    private static Plot Marked(Plot plot, ClusterResult result)
    {
        foreach (var fault in result.Faults)
        {
            plot.AddMark(fault.StartedAt, fault.HealFrom + (fault.HealedAfter ?? 0), fault.Kind);
        }

        return plot;
    }

    private static void AddTable(StringBuilder html, string[] head, IEnumerable<FormattableString[]> rows)
    {
        html.Append("<table><tr>").AppendJoin("", head.Select(h => $"<th>{Text(h)}</th>")).Append("</tr>\n");
        foreach (var row in rows)
        {
            html.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{Text(FormattableString.Invariant(cell))}</td>")).Append("</tr>\n");
        }

        html.Append("</table>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static void Add(StringBuilder to, FormattableString text) => to.Append(text.ToString(CultureInfo.InvariantCulture));
}
