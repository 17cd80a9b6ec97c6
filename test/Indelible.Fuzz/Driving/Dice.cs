namespace Indelible.Fuzz.Driving;

/// <summary>SplitMix64: a seeded source of numbers whose sequence no version of .NET changes. Not thread-safe.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="limit"/> − 1; 0 for a limit of 0.</summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>Whether one throw of a die with <paramref name="sides"/> sides succeeds.</summary>
    public bool OneIn(int sides) => Below(sides) == 0;

    /// <summary>0, 1, 2 …, each half as likely as the one before, at most <paramref name="most"/>.</summary>
    public int Halving(int most) => Math.Min(most, System.Numerics.BitOperations.TrailingZeroCount(Next()));
}
