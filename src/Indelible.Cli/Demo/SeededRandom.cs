namespace Indelible.Cli.Demo;

/// <summary>Numbers that follow from a seed alone, on every machine and in every release of the runtime.</summary>
/// <remarks>SplitMix64 (Steele, Lea, Flood 2014). The runtime promises nothing about the sequence of its own seeded generator.</remarks>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong NextBits()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to below <paramref name="bound"/>.</summary>
    public int Next(int bound) => (int)(NextBits() % (ulong)bound);

    /// <summary>A number from <paramref name="first"/> to below <paramref name="bound"/>.</summary>
    public int Next(int first, int bound) => first + Next(bound - first);

    /// <summary>True so many times in a thousand.</summary>
    public bool PerMille(int chance) => Next(1000) < chance;

    /// <summary>One of them.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Next(choices.Count)];

    /// <summary>Lower-case hexadecimal digits, at most 16 for each 64 bits drawn.</summary>
    public string Hex(int digits) => string.Concat(Enumerable.Range(0, (digits + 15) / 16).Select(_ => NextBits().ToString("x16", null)))[..digits];

    /// <summary>A random UUID of version 4 in form.</summary>
    public string Uuid4()
    {
        string hex = Hex(32);
        return $"{hex[..8]}-{hex[8..12]}-4{hex[13..16]}-{"89ab"[Next(4)]}{hex[17..20]}-{hex[20..]}";
    }

    /// <summary>A UUID of version 7 (RFC 9562, 5.7) for a time, to the millisecond.</summary>
    public string Uuid7(DateTimeOffset time)
    {
        string hex = time.ToUnixTimeMilliseconds().ToString("x12", null);
        string random = Hex(19);
        return $"{hex[..8]}-{hex[8..]}-7{random[..3]}-{"89ab"[Next(4)]}{random[3..6]}-{random[6..18]}";
    }
}
