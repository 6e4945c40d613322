using System.Text.Json;

namespace EventGrains.LoadTest.Limits;

/// <summary>The fields of one record that the bare loop needs, read in one pass and without a check that it could do without.</summary>
internal struct BareRecord
{
    public bool IsRequest, IsTransfer, IsRemove, IsStore, IsRestore, IsDoor, IsWrite, MoverWrote, IsEviction;
    public string? Native, Path, TapeCopy, Pool, MoverPool;
    public int Code, MoverCode;
    public long Size;
    public DateTimeOffset Date, MoverDate;

    public static BareRecord Read(ReadOnlySpan<byte> line, PoolNames pools)
    {
        var record = default(BareRecord);
        record.MoverCode = -1;
        var json = new Utf8JsonReader(line);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("moverInfo"u8))
            {
                json.Read();
                ReadMover(ref json, ref record, pools);
            }
            else
            {
                ReadField(ref json, ref record, pools);
            }
        }

        return record;
    }

    private static void ReadField(ref Utf8JsonReader json, ref BareRecord record, PoolNames pools)
    {
        if (json.ValueTextEquals("msgType"u8))
        {
            json.Read();
            record.IsRequest = json.ValueTextEquals("request"u8);
            record.IsTransfer = json.ValueTextEquals("transfer"u8);
            record.IsRemove = json.ValueTextEquals("remove"u8);
            record.IsStore = json.ValueTextEquals("store"u8);
            record.IsRestore = json.ValueTextEquals("restore"u8);
        }
        else if (json.ValueTextEquals("date"u8))
        {
            json.Read();
            record.Date = json.GetDateTimeOffset();
        }
        else if (json.ValueTextEquals("cellName"u8))
        {
            json.Read();
            record.Pool = pools.Get(json.ValueSpan);
        }
        else if (json.ValueTextEquals("cellType"u8))
        {
            json.Read();
            record.IsDoor = json.ValueTextEquals("door"u8);
        }
        else if (json.ValueTextEquals("status"u8))
        {
            json.Read();
            (record.Code, record.IsEviction) = ReadStatus(ref json);
        }
        else if (json.ValueTextEquals("pnfsid"u8))
        {
            json.Read();
            record.Native = json.GetString();
        }
        else if (json.ValueTextEquals("billingPath"u8))
        {
            json.Read();
            record.Path = json.ValueSpan.Length > 0 && json.ValueSpan[0] == (byte)'/' ? json.GetString() : null;
        }
        else if (json.ValueTextEquals("fileSize"u8))
        {
            json.Read();
            record.Size = json.GetInt64();
        }
        else if (json.ValueTextEquals("isWrite"u8))
        {
            json.Read();
            record.IsWrite = json.ValueTextEquals("write"u8);
        }
        else if (json.ValueTextEquals("locations"u8))
        {
            json.Read();
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                record.TapeCopy = json.GetString();
            }
        }
        else
        {
            json.Read();
            json.Skip();
        }
    }

    private static void ReadMover(ref Utf8JsonReader json, ref BareRecord record, PoolNames pools)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("date"u8))
            {
                json.Read();
                record.MoverDate = json.GetDateTimeOffset();
            }
            else if (json.ValueTextEquals("cellName"u8))
            {
                json.Read();
                record.MoverPool = pools.Get(json.ValueSpan);
            }
            else if (json.ValueTextEquals("status"u8))
            {
                json.Read();
                (record.MoverCode, _) = ReadStatus(ref json);
            }
            else if (json.ValueTextEquals("isWrite"u8))
            {
                json.Read();
                record.MoverWrote = json.ValueTextEquals("write"u8);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }
    }

    private static (int Code, bool IsEviction) ReadStatus(ref Utf8JsonReader json)
    {
        var (code, isEviction) = (0, false);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isCode = json.ValueTextEquals("code"u8);
            json.Read();
            if (isCode)
            {
                code = json.GetInt32();
            }
            else
            {
                isEviction = json.ValueSpan.StartsWith("sweeper"u8);
            }
        }

        return (code, isEviction);
    }
}

/// <summary>One string per name, however often it is read.</summary>
internal sealed class PoolNames
{
    private readonly List<(byte[] Utf8, string Name)> _names = [];

    public string Get(ReadOnlySpan<byte> utf8)
    {
        foreach (var (known, name) in _names)
        {
            if (utf8.SequenceEqual(known))
            {
                return name;
            }
        }

        _names.Add((utf8.ToArray(), System.Text.Encoding.UTF8.GetString(utf8)));
        return _names[^1].Name;
    }
}
