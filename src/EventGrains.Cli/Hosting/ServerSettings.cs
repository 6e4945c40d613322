using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using EventGrains.Cli.Output;
using EventGrains.Contracts.Settings;
using EventGrains.Gateway;
using EventGrains.Silo;
using EventGrains.Silo.Cluster;

namespace EventGrains.Cli.Hosting;

/// <summary>One setting as it stands, and where its value came from.</summary>
internal sealed record SettingValue(string Key, object Value, object Default, string Unit, string From, string Meaning, double? Min, double? Max);

/// <summary>All settings of a server, read from layers and checked: an unknown key or a value outside its range is refused with what to write.</summary>
internal sealed class ServerSettings
{
    private ServerSettings()
    {
    }

    public HostSettings Host { get; } = new();

    public SiloSettings Silo { get; } = new();

    public GatewaySettings Gateway { get; } = new();

    public IReadOnlyList<SettingValue> Values { get; private set; } = [];

    /// <summary>Layers from the weakest to the strongest. All that is wrong is told at once, with exit code 2.</summary>
    public static ServerSettings Read(params IReadOnlyList<SettingsLayer> layers)
    {
        var settings = new ServerSettings();
        var entries = settings.Entries();
        var keys = entries.Select(e => e.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        List<string> problems =
        [
            .. layers.SelectMany(l => l.Values.Keys.Where(k => !keys.Contains(k)).Select(k => $"{l.Origin}: there is no setting '{Printable.Of(k)}'.{Nearest(k, keys)}")),
        ];
        var values = new List<SettingValue>();
        foreach (var entry in entries)
        {
            var byDefault = entry.Property.GetValue(entry.Owner)!;
            var layer = layers.LastOrDefault(l => l.Values.ContainsKey(entry.Key));
            if (layer is not null)
            {
                try
                {
                    entry.Property.SetValue(entry.Owner, SettingText.Parse(entry.Property.PropertyType, layer.Values[entry.Key], entry.Attribute));
                }
                catch (FormatException e)
                {
                    problems.Add($"{layer.Origin}: {entry.Key} {e.Message}");
                }
            }

            values.Add(new SettingValue(
                entry.Key,
                entry.Attribute.IsSecret ? PostgresConnection.Masked((string)entry.Property.GetValue(entry.Owner)!) : entry.Property.GetValue(entry.Owner)!,
                byDefault,
                entry.Attribute.Unit,
                layer?.Origin ?? "default",
                entry.Attribute.Meaning,
                Bound(entry.Attribute.Min, double.MinValue),
                Bound(entry.Attribute.Max, double.MaxValue)));
        }

        if (problems.Count > 0)
        {
            throw new VerbFailure(ExitCode.Usage, $"{string.Join('\n', problems)}\n`eventgrains config list` shows all settings.");
        }

        settings.Values = values.DistinctBy(v => v.Key).OrderBy(v => v.Key, StringComparer.Ordinal).ToList();
        return settings;
    }

    private static double? Bound(double value, double none) => value == none ? null : value;

    private static string Nearest(string key, IEnumerable<string> keys)
    {
        var nearest = keys.FirstOrDefault(k => k.StartsWith(key, StringComparison.OrdinalIgnoreCase) || key.StartsWith(k, StringComparison.OrdinalIgnoreCase));
        return nearest is null ? "" : $" Did you mean {nearest}?";
    }

    private List<Entry> Entries() =>
    [
        .. from owner in new object[] { Host, Silo, Gateway }
           from property in owner.GetType().GetProperties()
           let attribute = property.GetCustomAttribute<SettingAttribute>()
           where attribute is not null
           select new Entry(owner, property, attribute, JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
    ];

    private sealed record Entry(object Owner, PropertyInfo Property, SettingAttribute Attribute, string Key);
}

/// <summary>Settings as text, both ways.</summary>
internal static class SettingText
{
    public static string Of(object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        TimeSpan span => $"{span.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s",
        Enum word => JsonNamingPolicy.CamelCase.ConvertName(word.ToString()),
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(Of)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <exception cref="FormatException">The message goes on after the key: what is wrong, and the range.</exception>
    public static object Parse(Type type, IReadOnlyList<string> texts, SettingAttribute setting)
    {
        if (type == typeof(string[]))
        {
            return texts.Where(t => t.Length > 0).ToArray();
        }

        if (texts.Count != 1)
        {
            throw new FormatException("takes one value, not a list.");
        }

        var text = texts[0];
        object? value = Type.GetTypeCode(type) switch
        {
            _ when type.IsEnum => Enum.TryParse(type, text, ignoreCase: true, out var word) && Enum.IsDefined(type, word) && !char.IsAsciiDigit(text[0]) ? word : null,
            _ when type == typeof(TimeSpan) => Duration.TryParse(text, out var span) ? span : null,
            TypeCode.String => text,
            TypeCode.Boolean => bool.TryParse(text, out var flag) ? flag : null,
            TypeCode.Int32 => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            TypeCode.Int64 => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            TypeCode.Double => double.TryParse(text, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
            _ => throw new NotSupportedException($"A setting of type {type} has no text form yet."),
        };
        var measure = value switch
        {
            int or long or double => Convert.ToDouble(value, CultureInfo.InvariantCulture),
            TimeSpan span => span.TotalSeconds,
            _ => (double?)null,
        };
        return value is null || measure < setting.Min || measure > setting.Max
            ? throw new FormatException($"must be {Form(type, setting)}, not '{Printable.Of(text)}'. {setting.Meaning}")
            : value;
    }

    private static string Form(Type type, SettingAttribute setting)
    {
        if (type.IsEnum)
        {
            return $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))}";
        }

        if (type == typeof(bool))
        {
            return "true or false";
        }

        var kind = type == typeof(double) ? "a number" : type == typeof(TimeSpan) ? "a duration such as 30s" : "a whole number";
        var unit = setting.Unit.Length > 0 ? $" ({setting.Unit})" : "";
        var (min, max) = (setting.Min, setting.Max);
        return (min > double.MinValue, max < double.MaxValue) switch
        {
            (true, true) => string.Create(CultureInfo.InvariantCulture, $"{kind} from {min:#,0.###} to {max:#,0.###}{unit}"),
            (true, false) => string.Create(CultureInfo.InvariantCulture, $"{kind} of at least {min:#,0.###}{unit}"),
            (false, true) => string.Create(CultureInfo.InvariantCulture, $"{kind} of at most {max:#,0.###}{unit}"),
            _ => $"{kind}{unit}",
        };
    }
}
