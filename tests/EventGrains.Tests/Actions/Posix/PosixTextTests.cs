using EventGrains.Silo.Actions.Posix;

namespace EventGrains.Tests.Actions.Posix;

public sealed class PosixTextTests
{
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
    public void A_shown_name_breaks_no_output() => Assert.Equal("a\\x0ab\\x1b\\xff😀", PosixText.Show("a\nb\u001b\uDCFF😀"));
}
