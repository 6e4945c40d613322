using System.Globalization;
using System.Numerics;

namespace EventGrains.Rules.Yaml;

internal enum ScalarType : byte
{
    Text,
    Null,
    Boolean,
    Integer,
    Float,

    /// <summary><c>.inf</c>, <c>.nan</c> or a number too great for 64-bit floating point: JSON has none of them.</summary>
    NoJson,
}

/// <summary>What a plain scalar means by the core schema of YAML 1.2 (section 10.3.2): <c>yes</c>, <c>no</c> and dates are texts there.</summary>
internal static class CoreSchema
{
    /// <summary>The longest number, in characters; reading a decimal number of n digits takes n squared steps.</summary>
    private const int NumberLengthMax = 64;

    public static ScalarType TypeOf(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarType.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarType.Boolean,
        _ when IsInfinityOrNot(plain) => ScalarType.NoJson,
        _ when plain.Length > NumberLengthMax => ScalarType.Text,
        _ when IsInteger(plain) => ScalarType.Integer,
        _ when !IsFloat(plain) => ScalarType.Text,
        _ => double.IsFinite(ToFloat(plain)) ? ScalarType.Float : ScalarType.NoJson,
    };

    public static bool ToBoolean(string plain) => plain[0] is 't' or 'T';

    public static BigInteger ToInteger(string plain) => plain switch
    {
        ['0', 'x', .. var digits] => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        ['0', 'o', .. var digits] => digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * 8) + (digit - '0')),
        _ => BigInteger.Parse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
    };

    public static double ToFloat(string plain) => double.Parse(plain, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static bool IsInteger(string plain) => plain switch
    {
        ['0', 'x', .. { Length: > 0 } digits] => digits.All(char.IsAsciiHexDigit),
        ['0', 'o', .. { Length: > 0 } digits] => digits.All(c => c is >= '0' and <= '7'),
        ['+' or '-', .. { Length: > 0 } digits] => digits.All(char.IsAsciiDigit),
        _ => plain.All(char.IsAsciiDigit),
    };

    /// <summary><c>[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?</c></summary>
    private static bool IsFloat(string plain)
    {
        var rest = plain.AsSpan(plain[0] is '+' or '-' ? 1 : 0);
        var whole = TakeDigits(ref rest);
        var fraction = 0;
        if (rest is ['.', ..])
        {
            rest = rest[1..];
            fraction = TakeDigits(ref rest);
        }

        if (whole == 0 && fraction == 0)
        {
            return false;
        }

        if (rest is ['e' or 'E', ..])
        {
            rest = rest is [_, '+' or '-', ..] ? rest[2..] : rest[1..];
            return TakeDigits(ref rest) > 0 && rest.IsEmpty;
        }

        return rest.IsEmpty;
    }

    private static int TakeDigits(ref ReadOnlySpan<char> rest)
    {
        var digits = rest.IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? rest.Length : digits;
        rest = rest[digits..];
        return digits;
    }

    private static bool IsInfinityOrNot(string plain) =>
        plain.TrimStart('+', '-') is ".inf" or ".Inf" or ".INF" || plain is ".nan" or ".NaN" or ".NAN";
}
