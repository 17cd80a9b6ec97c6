using System.Buffers.Binary;
using Indelible.Notes;
using NSec.Cryptography;

namespace Indelible.Keys;

/// <summary>Cosigns checkpoints with Ed25519 and the time (signature type 0x04). c2sp.org/tlog-cosignature. Thread-safe.</summary>
public sealed class CosignatureSigner : NoteSigner, IDisposable
{
    private readonly Key _key;
    private readonly TimeProvider _time;

    private CosignatureSigner(string name, Key key, TimeProvider time)
    {
        _key = key;
        _time = time;
        VerifierKey = new VerifierKey(name, VerifierKey.Cosignature, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The public key.</summary>
    public VerifierKey VerifierKey { get; }

    /// <inheritdoc/>
    public override string Name => VerifierKey.Name;

    /// <inheritdoc/>
    public override uint KeyId => VerifierKey.KeyId;

    /// <summary>The cosigner of a seed.</summary>
    /// <param name="name">The cosigner's name.</param>
    /// <param name="seed">32 secret bytes.</param>
    /// <param name="time">The clock that cosignatures carry.</param>
    public static CosignatureSigner FromSeed(string name, ReadOnlySpan<byte> seed, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new CosignatureSigner(name, Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey), time);
    }

    /// <inheritdoc/>
    /// <remarks>The result is eight bytes of POSIX seconds, big-endian, and the signature.</remarks>
    public override byte[] Sign(ReadOnlySpan<byte> text)
    {
        long seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        byte[] signature = new byte[Cosignature.TimeBytes + SignatureAlgorithm.Ed25519.SignatureSize];
        BinaryPrimitives.WriteInt64BigEndian(signature, seconds);
        SignatureAlgorithm.Ed25519.Sign(_key, Cosignature.Message(seconds, text), signature.AsSpan(Cosignature.TimeBytes));
        return signature;
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
