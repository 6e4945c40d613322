namespace EventGrains.LoadTest.Generator;

/// <summary>Writes records as dCache's own services publish them (path A: the door's record holds the mover's).</summary>
internal static class RecordWriter
{
    /// <summary>No record is longer.</summary>
    public const int BytesMax = 4_096;

    private const int DoorFailedCode = 451;
    private const int ChecksumCode = 10_004;
    private const int TimeoutCode = 10_006;

    /// <summary>Lines for one body.</summary>
    public static ReadOnlyMemory<byte> WriteAll(IReadOnlyCollection<Record> records)
    {
        var body = new byte[records.Count * BytesMax];
        var length = 0;
        foreach (var record in records)
        {
            length += Write(record, body.AsSpan(length));
        }

        // Not the buffer: a body may wait long.
        return body.AsSpan(0, length).ToArray();
    }

    /// <summary>Writes one record and a line feed; returns how many bytes.</summary>
    public static int Write(in Record record, Span<byte> buffer)
    {
        var text = new RecordText(buffer);
        var life = record.Life;
        var what = life.Happenings[record.Happening];
        switch (what.Kind)
        {
            case HappeningKind.Deleted:
                WriteDoor(ref text, record, what, "remove"u8);
                break;
            case HappeningKind.Flushed or HappeningKind.FlushFailed:
                WriteTape(ref text, life, what, "store"u8);
                break;
            case HappeningKind.Restored:
                WriteTape(ref text, life, what, "restore"u8);
                break;
            case HappeningKind.Evicted or HappeningKind.Cleaned:
                WritePoolRemove(ref text, life, what);
                break;
            default:
                if (record.ByDoor)
                {
                    WriteDoor(ref text, record, what, "request"u8);
                }
                else
                {
                    WriteTransfer(ref text, record, what);
                }

                break;
        }

        text.Add("\n"u8);
        return text.Length;
    }

    /// <summary>A mover ended on a pool.</summary>
    private static void WriteTransfer(ref RecordText text, in Record record, in Happening what)
    {
        var life = record.Life;
        AddMoverHead(ref text, life, what);
        AddSubject(ref text, life);
        AddNative(ref text, life);
        AddPath(ref text, "billingPath"u8, life);
        AddMoverTail(ref text, life, what);
        text.Add(",\"fileSize\":"u8);
        text.Add(life.Size);
        AddStorageInfo(ref text, life);
        text.Add(",\"initiator\":\"door:"u8);
        AddDoorSession(ref text, record);
        text.Add("\"}"u8);
    }

    /// <summary>A client's request or delete ended at a door; of a request the mover's record is part.</summary>
    private static void WriteDoor(ref RecordText text, in Record record, in Happening what, ReadOnlySpan<byte> type)
    {
        var life = record.Life;
        var isRequest = what.Kind != HappeningKind.Deleted;
        var failed = what.Kind is HappeningKind.WriteFailed or HappeningKind.DoorFailed;
        text.Add("{\"VERSION\":\"1.0\",\"msgType\":\""u8);
        text.Add(type);
        text.Add("\",\"date\":\""u8);
        text.AddDate(what.At + 29, inUtc: true);
        text.Add("\",\"queuingTime\":0,\"cellName\":\""u8);
        AddDoor(ref text, record);
        text.Add("\",\"cellType\":\"door\",\"cellDomain\":\"doorDomain\",\"status\":{\"code\":"u8);
        text.Add(failed ? DoorFailedCode : 0);
        text.Add(failed ? ",\"msg\":\"Transfer failed: the client went away\"}"u8 : ",\"msg\":\"\"}"u8);
        text.Add(",\"session\":\"door:"u8);
        AddDoorSession(ref text, record);
        text.Add("\",\"sessionDuration\":"u8);
        text.Add(isRequest ? 6_810 : 0);
        AddPath(ref text, "transferPath"u8, life);
        AddPath(ref text, "billingPath"u8, life);
        AddSubject(ref text, life);
        text.Add(",\"client\":\"192.0.2.99\",\"clientChain\":\"192.0.2.99\",\"mappedUID\":1000,\"mappedGID\":2000,\"owner\":\"kermit\""u8);
        AddNative(ref text, life);
        text.Add(",\"fileSize\":"u8);
        text.Add(isRequest ? life.Size : 0);
        if (isRequest)
        {
            AddStorageInfo(ref text, life);
            text.Add(",\"moverInfo\":"u8);
            AddMoverHead(ref text, life, what);
            AddMoverTail(ref text, life, what);
            text.Add("}"u8);
        }

        text.Add("}"u8);
    }

    private static void WritePoolRemove(ref RecordText text, FileLife life, in Happening what)
    {
        text.Add("{\"version\":\"1.0\",\"msgType\":\"remove\",\"date\":\""u8);
        text.AddDate(what.At, PoolIsInUtc(what));
        text.Add("\",\"queuingTime\":0"u8);
        AddTransaction(ref text, life, what);
        AddPoolCell(ref text, what);
        text.Add(",\"status\":{\"code\":0,\"msg\":\""u8);
        text.Add(what.Kind == HappeningKind.Evicted ? "sweeper making space for new data"u8 : "cleaner-disk@cleanerDomain [PoolRemoveFiles]"u8);
        text.Add("\"},\"subject\":[\"UidPrincipal[0]\",\"GidPrincipal[0,primary]\"]"u8);
        AddNative(ref text, life);
        text.Add(",\"billingPath\":\"Unknown\",\"fileSize\":"u8);
        text.Add(life.Size);
        AddStorageInfo(ref text, life);
        text.Add("}"u8);
    }

    /// <summary>A flush to tape or a stage from it ended. Neither names a path that could be relied on.</summary>
    private static void WriteTape(ref RecordText text, FileLife life, in Happening what, ReadOnlySpan<byte> type)
    {
        var failed = what.Kind == HappeningKind.FlushFailed;
        text.Add("{\"version\":\"1.0\",\"msgType\":\""u8);
        text.Add(type);
        text.Add("\",\"date\":\""u8);
        text.AddDate(what.At, PoolIsInUtc(what));
        text.Add("\",\"queuingTime\":"u8);
        text.Add(what.Kind == HappeningKind.Restored ? 0 : 41_200);
        AddTransaction(ref text, life, what);
        AddPoolCell(ref text, what);
        text.Add(",\"status\":{\"code\":"u8);
        text.Add(failed ? TimeoutCode : 0);
        text.Add(failed ? ",\"msg\":\"Flush was cancelled.\"}"u8 : ",\"msg\":\"\"}"u8);
        text.Add(",\"hsm\":{\"type\":\"osm\",\"instance\":\"cta\",\"provider\":\"dcache-cta\"},\"locations\":["u8);
        if (!failed)
        {
            text.Add("\""u8);
            text.Add(life.TapeCopy);
            text.Add("\""u8);
        }

        text.Add("]"u8);
        AddNative(ref text, life);
        text.Add(",\"billingPath\":\"Unknown\",\"fileSize\":"u8);
        text.Add(life.Size);
        AddStorageInfo(ref text, life);
        text.Add(",\"transferTime\":95310}"u8);
    }

    private static void AddMoverHead(ref RecordText text, FileLife life, in Happening what)
    {
        var isRead = what.Kind == HappeningKind.Read;
        text.Add("{\"version\":\"1.0\",\"msgType\":\"transfer\",\"date\":\""u8);
        text.AddDate(what.At, PoolIsInUtc(what));
        text.Add("\",\"queuingTime\":0"u8);
        AddPoolCell(ref text, what);
        text.Add(isRead ? ",\"meanReadBandwidth\":4.4048916333696574E7,\"readIdle\":\"PT-0.000122223S\",\"readActive\":\"PT"u8
            : ",\"meanWriteBandwidth\":1.8732E8,\"writeIdle\":\"PT0.9112S\",\"writeActive\":\"PT"u8);
        text.AddSeconds(life.Size / 200_000 + 1);
        text.Add("S\",\"localEndpoint\":\"192.0.2.21:"u8);
        text.Add(20_000 + life.Number % 10_000);
        text.Add("\",\"status\":{\"code\":"u8);
        text.Add(what.Kind == HappeningKind.WriteFailed ? ChecksumCode : 0);
        text.Add(what.Kind == HappeningKind.WriteFailed
            ? ",\"msg\":\"Post-processing failed: Checksum mismatch (expected=[1:3bda049c], actual=[1:1f2e04aa])\"}"u8
            : ",\"msg\":\"\"}"u8);
        text.Add(",\"session\":\"pool:"u8);
        AddPoolSession(ref text, life, what);
        text.Add("\""u8);
    }

    private static void AddMoverTail(ref RecordText text, FileLife life, in Happening what)
    {
        AddPath(ref text, "transferPath"u8, life);
        text.Add(",\"transferSize\":"u8);
        text.Add(life.Size);
        text.Add(",\"transferTime\":6650,\"isWrite\":\""u8);
        text.Add(what.Kind == HappeningKind.Read ? "read"u8 : "write"u8);
        text.Add("\",\"protocolInfo\":{\"protocol\":\"Http\",\"versionMajor\":1,\"versionMinor\":1,\"transferTag\":\"\",\"port\":0,\"host\":\"192.0.2.99\"},\"isP2p\":false"u8);
    }

    private static void AddTransaction(ref RecordText text, FileLife life, in Happening what)
    {
        text.Add(",\"transaction\":\"pool:"u8);
        AddPoolSession(ref text, life, what);
        text.Add("\",\"session\":\"pool:"u8);
        AddPoolSession(ref text, life, what);
        text.Add("\""u8);
    }

    private static void AddPoolCell(ref RecordText text, in Happening what)
    {
        text.Add(",\"cellName\":\""u8);
        text.Add(Pools.Utf8Name(what.Pool));
        text.Add("\",\"cellType\":\"pool\",\"cellDomain\":\"poolDomain\""u8);
    }

    private static void AddPoolSession(ref RecordText text, FileLife life, in Happening what)
    {
        text.Add(Pools.Utf8Name(what.Pool));
        text.Add("@poolDomain:"u8);
        text.Add(1_740_787_200_000 + what.At);
        text.Add("-"u8);
        text.Add(life.Number);
    }

    private static void AddDoorSession(ref RecordText text, in Record record)
    {
        AddDoor(ref text, record);
        text.Add("@doorDomain:AAZSRO1WWeg:"u8);
        text.Add((1_740_787_200_000 + record.Life.Happenings[record.Happening].At) * 1_000 + record.Life.Number % 1_000);
    }

    private static void AddDoor(ref RecordText text, in Record record)
    {
        text.Add("WebDAV-h"u8);
        text.Add((record.Life.Number + record.Happening) % 4);
    }

    private static void AddSubject(ref RecordText text, FileLife life)
    {
        text.Add(",\"subject\":[\"UidPrincipal[1000]\",\"GidPrincipal[2000,primary]\",\"UserNamePrincipal[kermit]\",\"GroupNamePrincipal[exp,primary]\",\"FQANPrincipal[/exp/raw,primary]\",\"/C=DE/O=GridExample/OU=Users/CN=Kermit Frog\",\"Origin[192.0.2."u8);
        text.Add(life.Number % 250);
        text.Add("]\"]"u8);
    }

    private static void AddNative(ref RecordText text, FileLife life)
    {
        text.Add(",\"pnfsid\":\""u8);
        text.Add(life.Native);
        text.Add("\""u8);
    }

    private static void AddPath(ref RecordText text, ReadOnlySpan<byte> name, FileLife life)
    {
        text.Add(",\""u8);
        text.Add(name);
        text.Add("\":\""u8);
        text.Add(life.Path);
        text.Add("\""u8);
    }

    private static void AddStorageInfo(ref RecordText text, FileLife life)
    {
        text.Add(",\"storageInfo\":\"exp"u8);
        text.Add(life.Number % 7);
        text.Add(":raw@osm\""u8);
    }

    /// <summary>Every third pool's server does not run in UTC.</summary>
    private static bool PoolIsInUtc(in Happening what) => what.Pool % 3 != 0;
}
