using CsCheck;
using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

public sealed class DurationAndSizeTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("10m", 600_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("500ms", 500)]
    [InlineData("0s", 0)]
    [InlineData("90m", 5_400_000)]
    public void A_duration_is_the_sum_of_its_units(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("1.5h")]
    [InlineData("-1s")]
    [InlineData("1m1h")]
    [InlineData("1s1s")]
    [InlineData("1 s")]
    [InlineData("1w")]
    [InlineData("99999999999s")]
    [InlineData("3651d")]
    [InlineData("3650d1ms")]
    public void What_is_no_duration_is_refused(string text) => Assert.Throws<RuleFormatException>(() => DurationText.Parse(text));

    [Fact]
    public void A_duration_is_read_back_as_it_was_written() =>
        Gen.Long[0, 3650L * 86_400_000].Sample(ms =>
            Assert.Equal(TimeSpan.FromMilliseconds(ms), DurationText.Parse(DurationText.Format(TimeSpan.FromMilliseconds(ms)))));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("512", 512)]
    [InlineData("1B", 1)]
    [InlineData("1kB", 1_000)]
    [InlineData("1KiB", 1_024)]
    [InlineData("1MiB", 1_048_576)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("10 GB", 10_000_000_000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8191PiB", 9_222_246_136_947_933_184)]
    public void A_size_is_its_number_times_its_unit(string text, long bytes) => Assert.Equal(bytes, SizeText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("-1")]
    [InlineData("1.5GiB")]
    [InlineData("1mb")]
    [InlineData("9223372036854775808")]
    [InlineData("8192PiB")]
    public void What_is_no_size_is_refused(string text) => Assert.Throws<RuleFormatException>(() => SizeText.Parse(text));

    [Theory]
    [InlineData(">=1MiB", 1_048_576L, null)]
    [InlineData("> 1kB", 1_001L, null)]
    [InlineData("<10GB", null, 9_999_999_999L)]
    [InlineData("<=10GB", null, 10_000_000_000L)]
    [InlineData("=0B", 0L, 0L)]
    [InlineData("1MiB..1GiB", 1_048_576L, 1_073_741_824L)]
    public void A_comparison_gives_both_ends_included(string text, long? min, long? max) =>
        Assert.Equal(new SizeRange(min, max), SizeRange.Parse(text));

    [Theory]
    [InlineData("1MiB")]
    [InlineData("=>1MiB")]
    [InlineData("<0")]
    [InlineData(">9223372036854775807")]
    [InlineData("2GB..1GB")]
    [InlineData("..1GB")]
    [InlineData("1..2..3")]
    public void What_is_no_comparison_or_can_never_hold_is_refused(string text) => Assert.Throws<RuleFormatException>(() => SizeRange.Parse(text));
}
