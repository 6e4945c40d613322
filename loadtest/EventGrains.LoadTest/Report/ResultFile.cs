using System.Text.Json;

namespace EventGrains.LoadTest.Report;

/// <summary>A result as one JSON file.</summary>
internal static class ResultFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Does nothing without a path.</summary>
    public static void Write<T>(string? path, T result)
    {
        if (path is not null)
        {
            File.WriteAllText(path, JsonSerializer.Serialize(result, Json) + "\n");
        }
    }
}
