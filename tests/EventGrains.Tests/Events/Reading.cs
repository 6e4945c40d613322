using System.Text;
using EventGrains.Events;
using EventGrains.Files;

namespace EventGrains.Tests.Events;

/// <summary>What a decoder makes of one record, heard on 1 April 2026.</summary>
internal sealed record Reading(Decoded Decoded, IReadOnlyList<StorageEvent> Events)
{
    public const string Storage = "site";

    public static readonly DateTime Now = new(2026, 4, 1, 0, 0, 0, DateTimeKind.Utc);

    public FileFacts Says => Assert.Single(Events).Says;

    public static DecodeContext Context => new(Storage, Now);

    public static Reading Of(string format, string record) => Of(format, Encoding.UTF8.GetBytes(record));

    public static Reading Of(string format, byte[] record)
    {
        var events = new List<StorageEvent>();
        return new Reading(EventDecoders.For(format)!.Decode(record, Context, events), events);
    }

    public static DateTime At(string utc) => DateTime.Parse(utc, null, System.Globalization.DateTimeStyles.AdjustToUniversal);

    public static Replica Copy(string? pool, string at, ReplicaState state = ReplicaState.Present, bool evicted = false) =>
        new(Storage, pool, null, At(at), state, Evicted: evicted);

    /// <summary>Accepted, and proves nothing.</summary>
    public void HasNoEffect(string type)
    {
        Assert.Null(Decoded.Rejection);
        Assert.Equal(type, Decoded.Type);
        Assert.Empty(Events);
    }

    public void IsRejectedFor(string field, string reason = "")
    {
        Assert.NotNull(Decoded.Rejection);
        Assert.Equal(field, Decoded.Rejection.Field);
        Assert.Contains(reason, Decoded.Rejection.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(Decoded.Rejection.Remedy);
        Assert.Empty(Events);
    }
}
