using Indelible.Engine.Storage;

namespace Indelible.Simulation;

/// <summary>Random bytes that a seed repeats.</summary>
internal sealed class SeededRandom(int seed) : RandomSource
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    public override void Fill(Span<byte> destination)
    {
        lock (_lock)
        {
            _random.NextBytes(destination);
        }
    }
}
