namespace EventGrains.LoadTest.Generator;

/// <summary>Random numbers that are the same for a seed on every machine and in every release (SplitMix64).</summary>
/// <remarks>A struct to pass by reference: a copy rolls the same numbers again.</remarks>
internal struct Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own for one thing out of many, such as one file: what is drawn for it does not depend on the others.</summary>
    public static Dice For(ulong seed, ulong thing) => new(Mix(seed ^ 0xA0761D6478BD642FUL) ^ Mix(thing + 0x9E3779B97F4A7C15UL));

    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>From 0, less than <paramref name="end"/>.</summary>
    public int Below(int end) => (int)(((Next() >> 32) * (ulong)end) >> 32);

    public bool Chance(int perThousand) => Below(1000) < perThousand;

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return x ^ (x >> 31);
    }
}
