using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Indelible.Events;
using Indelible.Merkle;

namespace Indelible.Privacy;

/// <summary>A personal value as it stands in an entry: <c>{"$pii":{"com":…,"ct":…,"key":…,"v":1}}</c>, construction A.</summary>
/// <remarks>Immutable, thread-safe. That one parses says nothing about whether it opens.</remarks>
public sealed class SealedValue
{
    /// <summary>Bytes of the GCM tag at the end of the ciphertext.</summary>
    public const int TagSize = 16;

    // 32 bytes in base64url without padding.
    private const int CommitmentLength = 43;

    private readonly byte[] _ciphertext;

    internal SealedValue(in Hash commitment, byte[] ciphertext, string keyId)
    {
        Commitment = commitment;
        _ciphertext = ciphertext;
        KeyId = keyId;
    }

    /// <summary><c>com</c>: binds the value, its place and its opening.</summary>
    public Hash Commitment { get; }

    /// <summary><c>ct</c>: the encrypted padded value and its tag.</summary>
    public ReadOnlySpan<byte> Ciphertext => _ciphertext;

    /// <summary><c>key</c>: the id of the subject's key in this log, 22 characters of base64url. It links one subject's entries.</summary>
    public string KeyId { get; }

    /// <summary>The canonical JSON of this value.</summary>
    public byte[] ToJson()
    {
        ReadOnlySpan<byte> head = "{\"$pii\":{\"com\":\""u8;
        ReadOnlySpan<byte> ciphertext = "\",\"ct\":\""u8;
        ReadOnlySpan<byte> key = "\",\"key\":\""u8;
        ReadOnlySpan<byte> tail = "\",\"v\":1}}"u8;
        int ciphertextLength = Base64Url.GetEncodedLength(_ciphertext.Length);
        byte[] json = new byte[
            head.Length + CommitmentLength + ciphertext.Length + ciphertextLength + key.Length + KeyId.Length + tail.Length];
        Span<byte> rest = json;
        Put(ref rest, head);
        rest = rest[Base64Url.EncodeToUtf8(Commitment.Bytes, rest)..];
        Put(ref rest, ciphertext);
        rest = rest[Base64Url.EncodeToUtf8(_ciphertext, rest)..];
        Put(ref rest, key);
        rest = rest[Encoding.ASCII.GetBytes(KeyId, rest)..];
        Put(ref rest, tail);
        return json;
    }

    /// <summary>Reads a sealed value.</summary>
    /// <param name="json">Untrusted; only the exact canonical form is accepted.</param>
    /// <param name="value">The sealed value, or null.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out SealedValue? value)
    {
        value = CanonicalDocument.Read(json) is { } document ? Read(document, 0) : null;
        return value is not null;
    }

    /// <summary>Whether a node is an object whose only member is <c>$pii</c>, well-formed inside or not.</summary>
    internal static bool IsMarked(CanonicalDocument document, int node) =>
        document.Nodes[node].Kind == JsonKind.Object
        && document.Nodes[node].Next > node + 1
        && document.Is(node + 1, "$pii"u8);

    /// <summary>Reads the sealed value at a node, or null when it is not in the exact form.</summary>
    internal static SealedValue? Read(CanonicalDocument document, int node)
    {
        if (!IsMarked(document, node))
        {
            return null;
        }

        int inner = node + 2;
        string? keyId = document.Text(document.Member(inner, "key"u8));
        if (!TryBytes(document.Text(document.Member(inner, "com"u8)), out byte[] commitment) || commitment.Length != Hash.Size
            || !TryBytes(document.Text(document.Member(inner, "ct"u8)), out byte[] ciphertext)
            || ciphertext.Length < SealedContext.PaddingBlock + TagSize || ciphertext.Length % SealedContext.PaddingBlock != TagSize
            || !TryBytes(keyId, out byte[] kid) || kid.Length != PersonalKey.IdSize)
        {
            return null;
        }

        // Writing it again and comparing refuses every other spelling and every further member in one step.
        var value = new SealedValue(new Hash(commitment), ciphertext, keyId!);
        return document.Value(node).SequenceEqual(value.ToJson()) ? value : null;
    }

    private static void Put(ref Span<byte> rest, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    private static bool TryBytes(string? text, out byte[] bytes)
    {
        bytes = [];
        if (text is null || !Base64Url.IsValid(text))
        {
            return false;
        }

        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }
}
