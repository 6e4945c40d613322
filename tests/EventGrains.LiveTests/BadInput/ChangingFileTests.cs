using System.Security.Cryptography;

namespace EventGrains.LiveTests.BadInput;

/// <summary>A file that is written again while it is copied and processed.</summary>
public sealed class ChangingFileTests : IAsyncDisposable
{
    private const int FileBytes = 24_000_000;
    private const int Writings = 6;

    private readonly string _directory = Product.NewDirectory();

    [Fact]
    public async Task Its_last_content_is_what_is_copied_in_the_end_and_no_part_is_left()
    {
        await using var dev = await Product.Start(_directory, "dev", "--port", "0", "--set", "backOffFirstSeconds=0.1");
        var file = Path.Combine(_directory, "inbox", "a");
        var mirror = Path.Combine(_directory, "eventgrains-dev", "mirror", "inbox");
        byte[] last = [];
        for (var i = 0; i < Writings; i++)
        {
            last = RandomNumberGenerator.GetBytes(FileBytes + i);
            await File.WriteAllBytesAsync(file, last);

            // As soon as a copy of it is under way, or was made, the next content comes.
            await Eventually.Is(() => Directory.EnumerateFiles(mirror).Any(), () => dev.Errors);
        }

        await Eventually.Is(async () => await IsCopied(last.Length), () => string.Join('\n', dev.Lines) + dev.Errors);
        Assert.Equal(["a"], Directory.EnumerateFiles(mirror, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
        Assert.Equal(SHA256.HashData(last), SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(mirror, "a"))));

        async Task<bool> IsCopied(int length)
        {
            var known = await dev.Get("/v1/files/inbox%3A%2Fa");
            return known.GetProperty("size").GetInt64() == length && known.GetProperty("status").GetString() == "processed";
        }
    }

    public async ValueTask DisposeAsync() => await Tool.Remove(_directory);
}
