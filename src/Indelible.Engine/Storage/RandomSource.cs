using System.Security.Cryptography;

namespace Indelible.Engine.Storage;

/// <summary>Where the engine's random bytes come from: salts, keys, file ids.</summary>
/// <remarks>A parameter, so that a simulation can repeat a run from its seed. Thread-safe.</remarks>
public abstract class RandomSource
{
    /// <summary>The operating system's cryptographic generator.</summary>
    public static RandomSource System { get; } = new SystemSource();

    /// <summary>Fills <paramref name="destination"/> with random bytes.</summary>
    public abstract void Fill(Span<byte> destination);

    private sealed class SystemSource : RandomSource
    {
        public override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
