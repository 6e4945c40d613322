using System.Buffers;
using System.Text;
using System.Text.Json;
using EventGrains.Contracts.Transitions;
using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Transitions;

/// <summary>Writes server-sent events.</summary>
internal static class SseFrame
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = WireJson.Options.Encoder, SkipValidation = true };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json)? scratch;

    public static byte[] Of(LoggedTransition logged) => Event("transition", logged.Cursor, TransitionView.Of(logged));

    public static byte[] Of(LogGap gap) => Event("gap", gap.To, GapView.Of(gap));

    /// <summary>Sent first: how soon to come back after a broken connection, and from where if nothing had been sent until then.</summary>
    public static byte[] Opening(Cursor at) => Encoding.UTF8.GetBytes($"retry: 1000\nid: {at}\n\n");

    /// <summary>A comment, and how far the client has got although nothing matched: it comes back from there and not from its last match.</summary>
    /// <remarks>An <c>id</c> without data moves a client's last event id and raises no event.</remarks>
    public static byte[] Heartbeat(Cursor at) => Encoding.UTF8.GetBytes($": still here\nid: {at}\n\n");

    private static byte[] Event<T>(string name, Cursor id, T data)
    {
        var (bytes, json) = scratch ??= Fresh();
        bytes.ResetWrittenCount();
        Write(bytes, $"id: {id}\nevent: {name}\ndata: ");
        json.Reset(bytes);
        JsonSerializer.Serialize(json, data, WireJson.Options);
        json.Flush();
        bytes.Write("\n\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    private static (ArrayBufferWriter<byte> Bytes, Utf8JsonWriter Json) Fresh()
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        return (bytes, new Utf8JsonWriter(bytes, Writing));
    }

    private static void Write(ArrayBufferWriter<byte> bytes, string text) =>
        bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
