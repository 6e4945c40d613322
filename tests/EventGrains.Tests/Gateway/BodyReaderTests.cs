using System.Text;
using CsCheck;
using EventGrains.Gateway;
using EventGrains.Gateway.Events;
using EventGrains.Gateway.Http;

namespace EventGrains.Tests.Gateway;

public sealed class BodyReaderTests
{
    private static readonly GatewaySettings Settings = new() { LineBytesMax = 300_000 };

    // Long lines among short ones, so that lines end within, at and beyond the ends of what one read gives and of the buffer.
    private static readonly Gen<string> Word = Gen.OneOf(
        Gen.String[Gen.Char['a', 'f'], 0, 12],
        Gen.Int[1, 3].Select(n => new string('x', n * 70_000)));

    private static readonly Gen<(string[] Words, string End, bool Mark, int Seed)> Bodies =
        Gen.Select(Word.Array[0, 20], Gen.OneOf(Gen.Const("\n"), Gen.Const("\r\n")), Gen.Bool, Gen.Int);

    [Fact]
    public async Task However_a_body_arrives_its_lines_are_the_same() =>
        await Bodies.SampleAsync(
            async body =>
            {
                var bytes = Encoding.UTF8.GetBytes((body.Mark ? "\uFEFF" : "") + string.Join(body.End, body.Words));
                var seen = new Lines();
                using var share = new IntakeBudget(long.MaxValue).Open();
                using var reader = new BodyReader(new Pieces(bytes, body.Seed), Settings, share, default);

                await reader.ReadLines(seen.Take);

                Assert.Equal(body.Words.Where(word => word.Length > 0), seen.Words);
            },
            iter: 200);

    [Fact]
    public async Task Each_element_of_an_array_is_a_record_whatever_it_holds()
    {
        var seen = new Lines();
        using var share = new IntakeBudget(long.MaxValue).Open();
        using var reader = new BodyReader(new Pieces(Encoding.UTF8.GetBytes("""[ {"a": [1, {"b": "],["}]} , [2] ,"x", 4]"""), 1), Settings, share, default);

        await reader.ReadArray(seen.Take);

        Assert.Equal(["""{"a": [1, {"b": "],["}]}""", "[2]", "\"x\"", "4"], seen.Words);
    }

    [Fact]
    public void What_a_request_took_of_the_budget_is_given_back()
    {
        var budget = new IntakeBudget(100);
        using (var first = budget.Open())
        {
            first.Grow(80);
            using var second = budget.Open();

            Assert.Throws<ProblemException>(() => second.Grow(30));
            second.Grow(20);
            Assert.Equal(100, budget.Taken);
        }

        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public void A_request_that_is_alone_gets_its_share_even_beyond_the_bound()
    {
        var budget = new IntakeBudget(100);
        using var only = budget.Open();

        only.Grow(500);

        Assert.Equal(500, budget.Taken);
    }

    private sealed class Lines
    {
        public List<string> Words { get; } = [];

        public void Take(ReadOnlySpan<byte> record, int line) => Words.Add(Encoding.UTF8.GetString(record));
    }

    /// <summary>Gives a body in pieces of any size, as a network does.</summary>
    private sealed class Pieces(byte[] bytes, int seed) : MemoryStream(bytes)
    {
        private readonly Random random = new(seed);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(4) == 0 ? random.Next(1, 9) : random.Next(1, 90_000))], cancellationToken);
    }
}
