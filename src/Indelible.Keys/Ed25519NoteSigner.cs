using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Indelible.Notes;
using NSec.Cryptography;

namespace Indelible.Keys;

/// <summary>Signs notes with Ed25519 (signature type 0x01), on libsodium. c2sp.org/signed-note. Thread-safe.</summary>
public sealed class Ed25519NoteSigner : NoteSigner, IDisposable
{
    /// <summary>The length of the seed in bytes.</summary>
    public const int SeedSize = 32;

    private const string SkeyPrefix = "PRIVATE+KEY+";
    private readonly Key _key;

    private Ed25519NoteSigner(string name, Key key)
    {
        _key = key;
        VerifierKey = new VerifierKey(name, VerifierKey.Ed25519, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>The public key.</summary>
    public VerifierKey VerifierKey { get; }

    /// <inheritdoc/>
    public override string Name => VerifierKey.Name;

    /// <inheritdoc/>
    public override uint KeyId => VerifierKey.KeyId;

    /// <summary>The key of a seed.</summary>
    /// <param name="name">The key's name.</param>
    /// <param name="seed">Exactly <see cref="SeedSize"/> secret bytes.</param>
    /// <exception cref="ArgumentException">The seed has another length, or the name cannot be one.</exception>
    public static Ed25519NoteSigner FromSeed(string name, ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
        {
            throw new ArgumentException($"A seed is {SeedSize} bytes, not {seed.Length}.", nameof(seed));
        }

        return new Ed25519NoteSigner(name, Key.Import(
            SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));
    }

    /// <summary>Reads a secret key as text, the <i>skey</i> of Go's sumdb: <c>PRIVATE+KEY+name+id+base64(type ‖ seed)</c>.</summary>
    /// <param name="text">In its one canonical spelling.</param>
    /// <param name="signer">The signer, or null.</param>
    public static bool TryParseSkey(string text, [NotNullWhen(true)] out Ed25519NoteSigner? signer)
    {
        ArgumentNullException.ThrowIfNull(text);
        signer = null;
        string[] parts = text.StartsWith(SkeyPrefix, StringComparison.Ordinal) ? text[SkeyPrefix.Length..].Split('+', 3) : [];
        byte[] bytes = new byte[SeedSize + 3];
        if (parts.Length != 3 || !KeyName.IsValid(parts[0]) || !Convert.TryFromBase64String(parts[2], bytes, out int length)
            || length != SeedSize + 1 || bytes[0] != VerifierKey.Ed25519)
        {
            return false;
        }

        Ed25519NoteSigner candidate = FromSeed(parts[0], bytes.AsSpan(1, SeedSize));
        if (candidate.ToSkey() == text)
        {
            signer = candidate;
            return true;
        }

        candidate.Dispose();
        return false;
    }

    /// <summary>The secret key as text. Handle with care.</summary>
    public string ToSkey()
    {
        byte[] typed = [VerifierKey.Ed25519, .. _key.Export(KeyBlobFormat.RawPrivateKey)];
        return string.Create(CultureInfo.InvariantCulture, $"{SkeyPrefix}{Name}+{KeyId:x8}+{Convert.ToBase64String(typed)}");
    }

    /// <inheritdoc/>
    public override byte[] Sign(ReadOnlySpan<byte> text) => SignatureAlgorithm.Ed25519.Sign(_key, text);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
