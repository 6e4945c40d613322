using System.Text;
using EventGrains.Events;

namespace EventGrains.Tests.Events;

public sealed class WireDateTests
{
    [Theory]
    [InlineData("2026-03-04T09:15:02Z", "2026-03-04T09:15:02.0000000Z")]
    [InlineData("2026-03-04T09:15:02.4Z", "2026-03-04T09:15:02.4000000Z")]
    [InlineData("2026-03-04T09:15:02.481+01:00", "2026-03-04T08:15:02.4810000Z")]
    [InlineData("2026-05-20T14:38:48-05:00", "2026-05-20T19:38:48.0000000Z")]
    [InlineData("2026-03-04T09:15:02.123456789Z", "2026-03-04T09:15:02.1234567Z")]
    [InlineData("2026-03-04T09:15:02.000000001-00:30", "2026-03-04T09:45:02.0000000Z")]
    [InlineData("2026-03-04T00:15:02+0545", "2026-03-03T18:30:02.0000000Z")]
    [InlineData("2026-03-04T00:15:02+05", "2026-03-03T19:15:02.0000000Z")]
    [InlineData("2026-03-04T09:15Z", "2026-03-04T09:15:00.0000000Z")]
    [InlineData("2026-03-04T09:15+01:00", "2026-03-04T08:15:00.0000000Z")]
    [InlineData("2026-03-04t09:15:02z", "2026-03-04T09:15:02.0000000Z")]
    [InlineData("2026-03-04 09:15:02Z", "2026-03-04T09:15:02.0000000Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000Z")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.0000000Z")]
    [InlineData("2099-12-31T23:59:59Z", "2099-12-31T23:59:59.0000000Z")]
    public void A_date_of_any_shape_with_an_offset_is_read_into_utc(string text, string utc)
    {
        Assert.True(WireDate.TryParse(Encoding.UTF8.GetBytes(text), out var read));

        Assert.Equal(utc, read.ToString("O"));
        Assert.Equal(DateTimeKind.Utc, read.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-03-04")]
    [InlineData("2026-03-04T09:15:02")]
    [InlineData("2026-03-04T09:15:02.")]
    [InlineData("2026-03-04T09:15:02.Z")]
    [InlineData("2026-03-04T09:15:02.1234567890Z")]
    [InlineData("2026-03-04T09:15:02ZZ")]
    [InlineData("2026-03-04T09:15:02+1:00")]
    [InlineData("2026-03-04T09:15:02+01-00")]
    [InlineData("2026-03-04T09:15:02+19:00")]
    [InlineData("2026-03-04T09:15:61Z")]
    [InlineData("2026-03-04T09:60:02Z")]
    [InlineData("2026-03-04T24:15:02Z")]
    [InlineData("2026-13-04T09:15:02Z")]
    [InlineData("2025-02-29T09:15:02Z")]
    [InlineData("2026-00-04T09:15:02Z")]
    [InlineData("0000-03-04T09:15:02Z")]
    [InlineData("-026-03-04T09:15:02Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("2026-03-04T09:15:")]
    [InlineData("2026-03-04T09:15:0")]
    [InlineData("1772612102481")]
    public void What_is_no_date_with_an_offset_is_refused(string text) =>
        Assert.False(WireDate.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
