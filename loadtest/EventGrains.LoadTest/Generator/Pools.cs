using System.Globalization;
using System.Text;

namespace EventGrains.LoadTest.Generator;

internal static class Pools
{
    private static readonly string[] Names =
        [.. Enumerable.Range(0, FileLife.Pools).Select(n => string.Create(CultureInfo.InvariantCulture, $"pool-{n:D2}"))];

    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    public static string Name(int pool) => Names[pool];

    public static ReadOnlySpan<byte> Utf8Name(int pool) => Utf8Names[pool];
}
