using CsCheck;
using EventGrains.Silo.Posix;

namespace EventGrains.Tests.Posix;

public sealed class PosixTextTests
{
    [Fact]
    public void Every_name_comes_back_as_the_bytes_it_was() =>
        Gen.Byte[1, 255].Array[0, 40].Sample(name =>
            Assert.Equal([.. name, 0], PosixText.Encode(PosixText.Decode(name))));

    [Fact]
    public void Text_stays_text_and_other_bytes_stand_for_themselves()
    {
        Assert.Equal("\u00e9", PosixText.Decode([0xc3, 0xa9]));
        Assert.Equal("a\udcff", PosixText.Decode([(byte)'a', 0xff]));

        // The bytes that would be U+DC80 if UTF-8 allowed it: three bytes that stand for themselves, or two names would be one.
        Assert.Equal("\udced\udcb2\udc80", PosixText.Decode([0xed, 0xb2, 0x80]));
    }

    [Fact]
    public void Bytes_that_are_no_text_come_back_from_their_surrogates() =>
        Assert.Equal(
            [(byte)'a', 0xFF, 0xC3, 0xA9, 0x80, 0xF0, 0x9F, 0x98, 0x80, 0],
            PosixText.Encode("a\uDCFFé\uDC80😀"));

    // Not as a theory: an attribute's text cannot carry half a surrogate pair.
    [Fact]
    public void What_cannot_be_a_name_is_refused() =>
        Assert.All(["a\0b", "\uD83D", "\uDC00", "\uDD00x"], text => Assert.Throws<ArgumentException>(() => PosixText.Encode(text)));

    [Fact]
    public void What_cannot_be_a_name_is_neither_seen_nor_missed()
    {
        Assert.False(PosixFile.TryStat("/tmp\0/x", out _, out var error));
        Assert.Equal(SystemCalls.Invalid, error);
    }

    [Fact]
    public void A_shown_name_breaks_no_output() => Assert.Equal("a\\x0ab\\x1b\\xff😀", PosixText.Show("a\nb\u001b\uDCFF😀"));
}
