using System.Globalization;
using System.Text.Json;
using EventGrains.Cli.Client;
using EventGrains.Cli.Output;

namespace EventGrains.Cli.Hosting;

/// <summary>What <c>dev</c> prints: one line per transition, heard as any subscriber hears them.</summary>
/// <param name="fromEarliest">For a new store, where everything is news; otherwise only what comes next is printed.</param>
internal sealed class DevLines(Surroundings surroundings, bool fromEarliest)
{
    /// <summary>The server is this process: a lost stream comes back, or the process ends.</summary>
    private static readonly TimeSpan RetryFor = Duration.Max;

    public async Task Follow(Uri server, string? token, CancellationToken ct)
    {
        using var client = new ServerClient(server, token);
        var filter = new TransitionFilter { From = fromEarliest ? "earliest" : "latest" };
        await foreach (var heard in new TransitionStream(client, surroundings.Time, surroundings.Error.WriteLine).Read(filter, RetryFor, ct))
        {
            if (heard.Kind == HeardKind.Transition)
            {
                using var transition = JsonDocument.Parse(heard.Data);
                surroundings.Output.WriteLine(LineOf(transition.RootElement, await CopyOf(client, transition.RootElement, ct), surroundings.Time.LocalTimeZone));
            }
            else if (heard.Kind == HeardKind.Gap)
            {
                surroundings.Error.WriteLine("Some transitions came too fast to be printed here; `eventgrains file list` shows the state.");
            }
        }
    }

    /// <summary><c>12:00:01  inbox/run42.h5  stored       version 1</c></summary>
    public static string LineOf(JsonElement transition, string? copy, TimeZoneInfo zone)
    {
        var at = DateTimeOffset.TryParse(transition.Text("at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? TimeZoneInfo.ConvertTime(time, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture)
            : "--:--:--";
        var name = transition.Text("path") is { Length: > 0 } path ? transition.Text("storage") + path : transition.Text("id");
        var rule = transition.Text("rule") is { Length: > 0 } text ? $"  {text}: {transition.Text("step")} {transition.Text("stepState")}" : "";
        return Printable.Of($"{at}  {name}  {transition.Text("kind"),-11}  {copy ?? $"version {transition.Text("version")}{rule}"}");
    }

    /// <summary>For a copy that we made: where it is, and its checksum, which only the file itself tells.</summary>
    private static async Task<string?> CopyOf(ServerClient client, JsonElement transition, CancellationToken ct)
    {
        if (transition.Text("kind") != "replicated" || transition.Part("cause")?.Text("source") != EventGrains.Files.Cause.Ourselves)
        {
            return null;
        }

        try
        {
            using var file = JsonDocument.Parse(await client.Get($"/v1/files/{Uri.EscapeDataString(transition.Text("id"))}", ct));
            var replica = file.RootElement.Items("replicas").FirstOrDefault(r => r.Text("storage") != transition.Text("storage") && r.Text("state") == "present");
            return replica.ValueKind == JsonValueKind.Undefined ? null : $"{replica.Text("storage")}  {replica.Text("checksum")}".TrimEnd();
        }
        catch (VerbFailure)
        {
            return null;
        }
    }
}
