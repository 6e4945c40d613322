using System.Text;

namespace EventGrains.LiveTests.BadInput;

/// <summary>Names that a file can have and no careful person gives, in a watched directory of a real server.</summary>
internal sealed class StrangeNames
{
    /// <summary>Names that are text.</summary>
    private static readonly string[] Texts =
    [
        "-rf", "--help", "$(touch pwned)", "`touch pwned`; rm -rf ~ | & > <", "*", "~", "{size}", "%2F%00%s%n",
        "two\nlines", "x\nready  evil.example", "carriage\rreturn", "tab\there", "\nid: 1\nevent: transition\ndata: {}",
        "'single' \"double\" \\back", "\u001b[31mred\u001b[0m", "\u001b]0;title\u0007", "\u009b31m", "\u007f\u0008\u0008", "\u2028line\u2029paragraph\u0085",
        "\u202egpj.exe", "<img src=x onerror=alert(1)>", "#file=a&b?c", " blanks ", "[red]markup", "[bold", "\u00e9 e\u0301 \U0001f600",
    ];

    /// <summary>Names whose bytes are no UTF-8, for printf.</summary>
    private static readonly string[] Broken = [@"broken \377\376 bytes", @"\355\240\200"];

    public static int Count => Texts.Length + Broken.Length;

    /// <summary>Each name's bytes.</summary>
    public static IEnumerable<byte[]> Bytes => [.. Texts.Select(Encoding.UTF8.GetBytes), [.. "broken "u8, 0xFF, 0xFE, .. " bytes"u8], [0xED, 0xA0, 0x80]];

    /// <summary>Each file's path as JSON can say it: a byte that is no text is shown as U+FFFD.</summary>
    public static IEnumerable<string> Paths => [.. Texts.Select(name => "/" + name), "/broken \uFFFD\uFFFD bytes", "/\uFFFD\uFFFD\uFFFD"];

    public static async Task DropInto(string directory)
    {
        foreach (var name in Texts)
        {
            await File.WriteAllTextAsync(Path.Combine(directory, name), "content");
        }

        foreach (var name in Broken)
        {
            var (exit, said) = await Tool.Run("sh", "-c", $"cd \"$1\" && printf content > \"$(printf '{name}')\"", "sh", directory);
            Assert.True(exit == 0, said);
        }
    }

    /// <summary>Not one character that could move a terminal's cursor, change its colours, or end a line early.</summary>
    public static void AreHarmless(string text) => Assert.DoesNotContain(
        text, c => c is not ('\n' or '\t') && (char.IsControl(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator));
}
