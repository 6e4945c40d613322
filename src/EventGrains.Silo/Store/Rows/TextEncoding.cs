using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace EventGrains.Silo.Store.Rows;

/// <summary>Texts that may be absent, and lists of texts, within a row.</summary>
internal static class TextEncoding
{
    /// <summary>Writes nothing for null: the row's flags say whether it is there.</summary>
    public static void WriteIfAny(RowWriter row, string? text)
    {
        if (text is not null)
        {
            row.Text(text);
        }
    }

    public static void WriteMany(RowWriter row, ImmutableArray<string> texts)
    {
        row.Varint(texts.Length);
        foreach (var text in texts)
        {
            row.Text(text);
        }
    }

    public static ImmutableArray<string> ReadMany(ref RowReader row)
    {
        var texts = new string[row.Count()];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = row.Name();
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(texts);
    }
}
