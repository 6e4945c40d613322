using CsCheck;
using EventGrains.Silo.Sources.Posix;

namespace EventGrains.Tests.Sources.Posix;

public sealed class PosixPathTests
{
    [Fact]
    public void Every_name_comes_back_as_the_bytes_it_was() =>
        Gen.Byte[1, 255].Array[0, 40].Sample(name =>
            Assert.Equal([.. name, 0], PosixPath.Encode(PosixPath.Decode(name))));

    [Fact]
    public void Text_stays_text_and_other_bytes_stand_for_themselves()
    {
        Assert.Equal("\u00e9", PosixPath.Decode([0xc3, 0xa9]));
        Assert.Equal("a\udcff", PosixPath.Decode([(byte)'a', 0xff]));

        // The bytes that would be U+DC80 if UTF-8 allowed it: three bytes that stand for themselves, or two names would be one.
        Assert.Equal("\udced\udcb2\udc80", PosixPath.Decode([0xed, 0xb2, 0x80]));
    }

    [Fact]
    public void A_lone_surrogate_that_no_name_gives_is_refused() =>
        Assert.Throws<ArgumentException>(() => PosixPath.Encode("\ud800"));

    [Fact]
    public void A_name_is_shown_on_one_line() =>
        Assert.Equal("a\\x0ab\\xff", PosixPath.Printable("a\nb\udcff"));
}
