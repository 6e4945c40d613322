using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using EventGrains.Files;

namespace EventGrains.Events;

/// <summary>What a successful dCache record says of its file.</summary>
/// <remarks>
/// A door speaks for the namespace, a pool for its copy alone: that a pool moved bytes does not prove that the file exists (the
/// door may have failed after it), nor that a pool dropped its copy that it does not. A door that repeats the pool's statement in
/// <c>moverInfo</c> says exactly what the pool's own record says, so both ways to publish, alone or together, give the same facts.
/// </remarks>
internal static class DcacheStatements
{
    private const long MillisecondsMax = long.MaxValue / TimeSpan.TicksPerMillisecond / 4;

    /// <summary>Whether records of this type can prove anything; of others not even the status is read.</summary>
    public static bool AreMadeBy(string type) => type is "request" or "remove" or "transfer" or "store" or "restore";

    /// <returns>Null if the record proves nothing.</returns>
    /// <exception cref="UnreadableException">A member that is needed cannot be read.</exception>
    public static FileFacts? Of(in DcacheRecord record, string type, in DecodeContext context) => type switch
    {
        "request" => OfRequest(record, context),
        "remove" when record[DcacheField.CellType].Is("door"u8) => OfDoorRemove(record, context),
        "remove" when record[DcacheField.CellType].Is("pool"u8) => OfPoolRemove(record, context),
        "transfer" => OfTransfer(record, context),
        "store" => OfStore(record, context),
        "restore" => OfRestore(record, context),
        _ => null,
    };

    private static FileFacts? OfRequest(in DcacheRecord record, in DecodeContext context)
    {
        if (IsDirectory(record[DcacheField.BillingPath]))
        {
            return null;
        }

        var date = record[DcacheField.Date].Date(context);
        var size = Size(record);

        // An upload through SRM is moved to its final path by srmPutDone, which the SRM itself reports; until then the final path is a promise.
        var isPromised = IsUnderUpload(record) && !IsSrm(record);
        var says = new FileFacts
        {
            Existence = new ExistenceRegister(isPromised ? Existence.Uploading : Existence.Stored),
            Path = isPromised ? default : Path(record, PathRank.DoorHint, date),
        };
        return WithMover(says, record, size, context);
    }

    private static FileFacts WithMover(FileFacts says, in DcacheRecord record, SizeRegister size, in DecodeContext context)
    {
        var info = record[DcacheField.MoverInfo];
        if (info.IsAbsent)
        {
            return says;
        }

        if (!info.IsObject)
        {
            throw info.Refused("not an object", "send the pool's statement as dCache writes it, or leave it out");
        }

        return !DcacheDecoder.Succeeded(record.Mover(DcacheField.StatusCode))
            ? says
            : new FileFacts
            {
                Existence = says.Existence,
                Path = says.Path,
                Size = Wrote(record.Mover(DcacheField.IsWrite), record.Mover(DcacheField.IsP2p)) ? size : default,
                Replicas = On(record.Mover(DcacheField.CellName), record.Mover(DcacheField.Date).Date(context), context),
            };
    }

    private static FileFacts OfTransfer(in DcacheRecord record, in DecodeContext context)
    {
        var date = record[DcacheField.Date].Date(context);
        var size = Size(record);
        return new FileFacts
        {
            Size = Wrote(record[DcacheField.IsWrite], record[DcacheField.IsP2p]) ? size : default,
            Replicas = On(record[DcacheField.CellName], date, context),
            Path = IsUnderUpload(record) ? default : Path(record, PathRank.PoolHint, date),
        };
    }

    /// <remarks>Doors other than WebDAV leave the size at 0, so a remove never says it.</remarks>
    private static FileFacts? OfDoorRemove(in DcacheRecord record, in DecodeContext context)
    {
        if (IsDirectory(record[DcacheField.BillingPath]))
        {
            return null;
        }

        var date = record[DcacheField.Date].Date(context);
        return new FileFacts { Existence = new ExistenceRegister(Existence.Deleted), Path = Path(record, PathRank.DoorHint, date) };
    }

    private static FileFacts OfPoolRemove(in DcacheRecord record, in DecodeContext context)
    {
        var reason = record[DcacheField.StatusMessage];
        var isEvicted = reason.IsText && reason.Bytes().IndexOf("sweeper"u8) >= 0;
        return new FileFacts { Replicas = On(record[DcacheField.CellName], record[DcacheField.Date].Date(context), context, ReplicaState.Removed, isEvicted) };
    }

    private static FileFacts OfStore(in DcacheRecord record, in DecodeContext context)
    {
        var date = record[DcacheField.Date].Date(context);
        return new FileFacts
        {
            Size = Size(record),
            TapeCopies = TapeCopies(record),
            Replicas = On(record[DcacheField.CellName], Ended(record, date, record[DcacheField.QueuingTime], context), context),
            Path = Path(record, PathRank.PoolHint, date),
        };
    }

    private static FileFacts OfRestore(in DcacheRecord record, in DecodeContext context)
    {
        // The wait in the queue is not reported for a restore, so the end is known only to be no earlier than this.
        var ended = Ended(record, record[DcacheField.Date].Date(context), default, context);
        return new FileFacts
        {
            Size = Size(record),
            TapeCopies = TapeCopies(record),
            StagedAt = ended,
            Replicas = On(record[DcacheField.CellName], ended, context),
        };
    }

    private static ImmutableArray<Replica> On(
        WireValue pool, DateTime at, in DecodeContext context, ReplicaState state = ReplicaState.Present, bool isEvicted = false) =>
        pool.IsAbsent
            ? throw pool.Refused("missing: a pool's statement must name the pool", "send the record as dCache writes it")
            : [new Replica(context.Storage, pool.Name(), null, at, state, Evicted: isEvicted)];

    /// <remarks>The date of a store or restore is when it was asked for; the record is sent when it ends.</remarks>
    private static DateTime Ended(in DcacheRecord record, DateTime date, WireValue queued, in DecodeContext context)
    {
        var transfer = record[DcacheField.TransferTime];
        var milliseconds = Milliseconds(transfer) + Milliseconds(queued);
        return milliseconds <= (context.DateMax - date).Ticks / TimeSpan.TicksPerMillisecond
            ? date.AddTicks(milliseconds * TimeSpan.TicksPerMillisecond)
            : throw transfer.Refused("puts the end more than a day ahead of our clock", "send milliseconds; set the producer's clock right");
    }

    private static long Milliseconds(WireValue duration) =>
        duration.IsAbsent ? 0 : Math.Clamp(duration.Integer(), 0, MillisecondsMax);

    private static SizeRegister Size(in DcacheRecord record) =>
        record[DcacheField.FileSize].IsAbsent ? default : new SizeRegister(record[DcacheField.FileSize].Size());

    /// <remarks>A copy from pool to pool writes nothing new: it says where the file is, not how long.</remarks>
    private static bool Wrote(WireValue isWrite, WireValue isP2p) =>
        !isWrite.IsAbsent && isWrite.Bytes().SequenceEqual("write"u8) && !isP2p.Flag();

    /// <remarks>
    /// A hint, so what is no path (<c>Unknown</c>, NFS's <c>parent:[…]/name</c>, a directory) is left out, not refused.
    /// </remarks>
    private static PathRegister Path(in DcacheRecord record, PathRank rank, DateTime at)
    {
        var path = record[DcacheField.BillingPath];
        if (path.IsAbsent)
        {
            return default;
        }

        var bytes = path.Bytes();
        return bytes.IsEmpty || bytes[0] != '/' || bytes[^1] == '/' ? default : new PathRegister(rank, at, path.Text(WireValue.PathBytesMax));
    }

    private static bool IsDirectory(WireValue path) => path.IsText && path.Bytes() is [.., (byte)'/'];

    /// <remarks>SRM writes to <c>/upload/N/UUID/name</c>, below a configurable root, and names the final path as billingPath.</remarks>
    private static bool IsUnderUpload(in DcacheRecord record)
    {
        var transferPath = record[DcacheField.TransferPath];
        return transferPath.IsText
            && transferPath.Bytes().IndexOf("/upload/"u8) >= 0
            && !record[DcacheField.BillingPath].Is(transferPath.Bytes());
    }

    private static bool IsSrm(in DcacheRecord record) =>
        Begins(record[DcacheField.CellType], "srm"u8)
        || Begins(record[DcacheField.CellName], "srm"u8)
        || Begins(record[DcacheField.Session], "srm"u8)
        || Begins(record[DcacheField.Session], "door:srm"u8);

    private static bool Begins(WireValue text, ReadOnlySpan<byte> start) =>
        text.IsText && text.Bytes() is var bytes && bytes.Length >= start.Length && Ascii.EqualsIgnoreCase(bytes[..start.Length], start);

    /// <remarks>
    /// A store or restore that succeeded proves a copy on tape also when it gives no URI: then only where is unknown, and the copy
    /// is called <c>type://instance/</c>. An instance without a name has its type's, as in dCache.
    /// </remarks>
    private static ImmutableArray<string> TapeCopies(in DcacheRecord record)
    {
        var listed = Listed(record[DcacheField.Locations]);
        if (!listed.IsEmpty)
        {
            return listed;
        }

        var type = record[DcacheField.HsmType];
        var instance = record[DcacheField.HsmInstance];
        if (!type.IsAbsent)
        {
            return [$"{type.Name()}://{(instance.IsAbsent ? type : instance).Name()}/"];
        }

        var info = record[DcacheField.StorageInfo];
        var hsm = info.IsAbsent ? "" : info.Name();
        hsm = hsm[(hsm.LastIndexOf('@') + 1)..];
        return hsm.Length > 0 ? [$"{hsm}://{hsm}/"] : ["hsm://unknown/"];
    }

    private static ImmutableArray<string> Listed(WireValue locations)
    {
        if (locations.IsAbsent)
        {
            return [];
        }

        if (!locations.IsArray)
        {
            throw locations.Refused("not a list", "send a list of URIs");
        }

        var listed = new SortedSet<string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(locations.Raw);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            listed.Add(new WireValue(locations.Field, locations.Raw[start..(int)reader.BytesConsumed]).Text(FileId.NativeBytesMax));
        }

        listed.Remove("");
        return [.. listed.Skip(listed.Count - FileFacts.TapeCopiesMax)];
    }
}
