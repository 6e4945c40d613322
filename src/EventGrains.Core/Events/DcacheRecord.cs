using System.Runtime.CompilerServices;
using System.Text.Json;

namespace EventGrains.Events;

/// <summary>The members of a dCache billing record that matter, as places in its bytes.</summary>
internal enum DcacheField
{
    None,
    MessageType,
    Date,
    Status,
    StatusCode,
    StatusMessage,
    CellName,
    CellType,
    Session,
    PnfsId,
    BillingPath,
    TransferPath,
    FileSize,
    StorageInfo,
    QueuingTime,
    TransferTime,
    IsWrite,
    IsP2p,
    Locations,
    Hsm,
    HsmType,
    HsmInstance,
    MoverInfo,
    Payload,
    Value,
}

/// <summary>One dCache billing record, found in one pass over its bytes. What its members hold is judged when they are asked for.</summary>
/// <remarks>
/// The order of members is hash order, so <c>moverInfo</c>, which has members of the same names, may stand anywhere. Of a member
/// that occurs twice the last counts.
/// </remarks>
internal ref struct DcacheRecord
{
    private static readonly string[] Names =
    [
        "", "msgType", "date", "status", "status.code", "status.msg", "cellName", "cellType", "session", "pnfsid", "billingPath", "transferPath", "fileSize",
        "storageInfo", "queuingTime", "transferTime", "isWrite", "isP2p", "locations", "hsm", "hsm.type", "hsm.instance", "moverInfo", "payload", "value",
    ];

    private static readonly string[] MoverNames = [.. Names.Select(name => "moverInfo." + name)];

    private readonly ReadOnlySpan<byte> document;
    private Places own;
    private Places mover;

    private DcacheRecord(ReadOnlySpan<byte> document) => this.document = document;

    public readonly WireValue this[DcacheField field] => new(Names[(int)field], document[own[(int)field].Range]);

    /// <summary>The pool's own statement, which a door repeats in <c>moverInfo</c>.</summary>
    public readonly WireValue Mover(DcacheField field) => new(MoverNames[(int)field], document[mover[(int)field].Range]);

    /// <exception cref="JsonException">The bytes are no JSON.</exception>
    /// <exception cref="InvalidOperationException">The name of a member is escaped and no Unicode.</exception>
    /// <exception cref="UnreadableException">The bytes are no object.</exception>
    public static DcacheRecord Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> document)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new UnreadableException("record", "not a JSON object", "send one JSON object per record");
        }

        var record = new DcacheRecord(document);
        ReadMembers(ref reader, ref record.own, ref record.mover, isMover: false);

        // Throws if anything but white space follows the object.
        reader.Read();
        return record;
    }

    private static void ReadMembers(ref Utf8JsonReader reader, ref Places places, ref Places mover, bool isMover)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = Named(ref reader);
            if (field == DcacheField.None)
            {
                reader.Skip();
                continue;
            }

            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (field == DcacheField.MoverInfo && !isMover && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMembers(ref reader, ref mover, ref mover, isMover: true);
            }
            else if (field is DcacheField.Status or DcacheField.Hsm && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadPart(ref reader, ref places);
            }
            else
            {
                reader.Skip();
            }

            places[(int)field] = new Place(start, (int)reader.BytesConsumed);
        }
    }

    private static void ReadPart(ref Utf8JsonReader reader, ref Places places)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field =
                reader.ValueTextEquals("code"u8) ? DcacheField.StatusCode
                : reader.ValueTextEquals("msg"u8) ? DcacheField.StatusMessage
                : reader.ValueTextEquals("type"u8) ? DcacheField.HsmType
                : reader.ValueTextEquals("instance"u8) ? DcacheField.HsmInstance
                : DcacheField.None;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            places[(int)field] = new Place(start, (int)reader.BytesConsumed);
        }
    }

    private static DcacheField Named(ref Utf8JsonReader reader)
    {
        const int LongestEscaped = 12 * 6;
        var name = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return Named(name);
        }

        if (name.Length > LongestEscaped)
        {
            return DcacheField.None;
        }

        Span<byte> unescaped = stackalloc byte[LongestEscaped];
        return Named(unescaped[..reader.CopyString(unescaped)]);
    }

    private static DcacheField Named(ReadOnlySpan<byte> name) => name.Length switch
    {
        3 when name.SequenceEqual("hsm"u8) => DcacheField.Hsm,
        4 when name.SequenceEqual("date"u8) => DcacheField.Date,
        5 when name.SequenceEqual("isP2p"u8) => DcacheField.IsP2p,
        5 when name.SequenceEqual("value"u8) => DcacheField.Value,
        6 when name.SequenceEqual("status"u8) => DcacheField.Status,
        6 when name.SequenceEqual("pnfsid"u8) => DcacheField.PnfsId,
        7 when name.SequenceEqual("msgType"u8) => DcacheField.MessageType,
        7 when name.SequenceEqual("isWrite"u8) => DcacheField.IsWrite,
        7 when name.SequenceEqual("session"u8) => DcacheField.Session,
        7 when name.SequenceEqual("payload"u8) => DcacheField.Payload,
        8 when name.SequenceEqual("cellName"u8) => DcacheField.CellName,
        8 when name.SequenceEqual("cellType"u8) => DcacheField.CellType,
        8 when name.SequenceEqual("fileSize"u8) => DcacheField.FileSize,
        9 when name.SequenceEqual("moverInfo"u8) => DcacheField.MoverInfo,
        9 when name.SequenceEqual("locations"u8) => DcacheField.Locations,
        11 when name.SequenceEqual("billingPath"u8) => DcacheField.BillingPath,
        11 when name.SequenceEqual("storageInfo"u8) => DcacheField.StorageInfo,
        11 when name.SequenceEqual("queuingTime"u8) => DcacheField.QueuingTime,
        12 when name.SequenceEqual("transferPath"u8) => DcacheField.TransferPath,
        12 when name.SequenceEqual("transferTime"u8) => DcacheField.TransferTime,
        _ => DcacheField.None,
    };

    private readonly record struct Place(int Start, int End)
    {
        public Range Range => Start..End;
    }

    [InlineArray((int)DcacheField.Value + 1)]
    private struct Places
    {
        private Place first;
    }
}
