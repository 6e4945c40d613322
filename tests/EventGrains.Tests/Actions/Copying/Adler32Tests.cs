using System.Text;
using CsCheck;
using EventGrains.Silo.Actions.Copying;

namespace EventGrains.Tests.Actions.Copying;

public sealed class Adler32Tests
{
    [Theory]
    [InlineData("", "00000001")]
    [InlineData("a", "00620062")]
    [InlineData("abc", "024d0127")]
    [InlineData("Wikipedia", "11e60398")]
    [InlineData("message digest", "29750586")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "8adb150c")]
    public void Known_texts_have_their_known_checksum(string text, string checksum) =>
        Assert.Equal(checksum, Sum(Encoding.ASCII.GetBytes(text)).Checksum.Value);

    [Fact]
    public void The_largest_bytes_overflow_nothing()
    {
        var bytes = new byte[1_000_000];
        bytes.AsSpan().Fill(0xFF);

        Assert.Equal(Plain(bytes), Sum(bytes).Value);
    }

    [Fact]
    public void However_the_bytes_are_cut_the_checksum_is_that_of_the_definition() =>
        Gen.Select(Gen.Byte.Array[0, 20_000], Gen.Int[1, 7_000]).Sample((bytes, piece) =>
        {
            var sum = new Adler32();
            for (var at = 0; at < bytes.Length; at += piece)
            {
                sum.Append(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
            }

            Assert.Equal(Plain(bytes), sum.Value);
        }, iter: 300);

    private static Adler32 Sum(byte[] bytes)
    {
        var sum = new Adler32();
        sum.Append(bytes);
        return sum;
    }

    private static uint Plain(byte[] bytes)
    {
        uint a = 1, b = 0;
        foreach (var x in bytes)
        {
            a = (a + x) % 65521;
            b = (b + a) % 65521;
        }

        return (b << 16) | a;
    }
}
