namespace EventGrains.Contracts.Settings;

/// <summary>Describes one setting: what it means, its unit, its range. <c>config list</c> prints it, and the start refuses values outside.</summary>
/// <remarks>The property's initial value is the default. The key is the property's name in camel case.</remarks>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string meaning) : Attribute
{
    /// <summary>One sentence; for a bound, what happens when it is reached.</summary>
    public string Meaning { get; } = meaning;

    /// <summary><c>bytes</c>, <c>files</c>, <c>seconds</c>, ...; empty for a text or a switch.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The value opens something: <c>config list</c> and messages show it without its passwords.</summary>
    public bool IsSecret { get; init; }

    public double Min { get; init; } = double.MinValue;

    public double Max { get; init; } = double.MaxValue;
}
