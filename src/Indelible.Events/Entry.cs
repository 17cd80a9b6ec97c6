using System.Buffers;
using Indelible.Privacy;

namespace Indelible.Events;

/// <summary>Reads entries: their facts, their claims, and their personal values for those who hold the keys. Thread-safe.</summary>
/// <remarks>
/// An entry is one canonical JSON object: the claim's members, personal ones sealed, plus <c>ingest</c>, <c>received_at</c> and
/// <c>salt</c>. Take these three away and what is left is the claim as persisted, in canonical form.
/// </remarks>
public static class Entry
{
    /// <summary>Reads the facts of an entry.</summary>
    /// <param name="entry">Untrusted; must be canonical JSON of at most <see cref="EventLimits.EntryBytes"/> bytes.</param>
    /// <param name="facts">The facts, or the default.</param>
    /// <returns>Whether it is an object that has them all. Says nothing about the rest of the schema.</returns>
    public static bool TryRead(ReadOnlySpan<byte> entry, out EntryFacts facts)
    {
        facts = default;
        return CanonicalDocument.Read(entry) is { } document && TryRead(document, out facts);
    }

    /// <summary>Gives back the claim as persisted: the entry without its envelope.</summary>
    /// <param name="entry">An entry.</param>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static byte[] ClaimOf(ReadOnlySpan<byte> entry)
    {
        CanonicalDocument document = Require(entry, out _);
        ReadOnlySpan<CanonicalNode> nodes = document.Nodes;
        byte[] claim = new byte[entry.Length];
        int length = 0;
        for (int name = 1; name < nodes.Length; name = nodes[name + 1].Next)
        {
            if (!IsEnvelope(document, name))
            {
                claim[length] = (byte)(length == 0 ? '{' : ',');
                ReadOnlySpan<byte> member = document.Bytes[nodes[name].Start..nodes[name + 1].End];
                member.CopyTo(claim.AsSpan(length + 1));
                length += 1 + member.Length;
            }
        }

        claim[length++] = (byte)'}';
        return claim[..length];
    }

    /// <summary>The JSON Pointers of an entry's sealed values, in document order, those that do not parse included.</summary>
    /// <param name="entry">An entry.</param>
    /// <exception cref="TlogFormatException">It is not one.</exception>
    public static IReadOnlyList<string> PersonalPointers(ReadOnlySpan<byte> entry)
    {
        CanonicalDocument document = Require(entry, out _);
        return SealedNodes(document).Select(document.Pointer).ToList();
    }

    /// <summary>Gives an entry with its personal values in clear, for somebody who may see them.</summary>
    /// <param name="entry">An entry.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="keys">Key id → key; null where the key is destroyed.</param>
    /// <returns>
    /// Canonical JSON with each sealed value replaced by its value, by <c>{"$erased":true}</c> where there is no key, or by
    /// <c>{"$damaged":true}</c> where it does not open. No longer the bytes that are hashed.
    /// </returns>
    /// <exception cref="TlogFormatException">It is not an entry.</exception>
    public static byte[] Decrypt(ReadOnlySpan<byte> entry, string origin, Func<string, PersonalKey?> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        CanonicalDocument document = Require(entry, out EntryFacts facts);
        var clear = new ArrayBufferWriter<byte>(entry.Length);
        int copied = 0;
        foreach (int node in SealedNodes(document))
        {
            clear.Write(document.Bytes[copied..document.Nodes[node].Start]);
            clear.Write(Reveal(document, node, origin, facts.Id, keys));
            copied = document.Nodes[node].End;
        }

        clear.Write(document.Bytes[copied..]);
        return clear.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Reveal(
        CanonicalDocument document,
        int node,
        string origin,
        string eventId,
        Func<string, PersonalKey?> keys)
    {
        if (SealedValue.Read(document, node) is not { } value)
        {
            return "{\"$damaged\":true}"u8;
        }

        if (keys(value.KeyId) is not { } key)
        {
            return "{\"$erased\":true}"u8;
        }

        return key.TryOpen(origin, eventId, document.Pointer(node), value, out Opening? opening) == OpenResult.Opened
            ? opening!.Value.Span
            : "{\"$damaged\":true}"u8;
    }

    /// <summary>The openings of an entry's personal values: what an auditor checks against the entry with SHA-256 alone.</summary>
    /// <param name="entry">An entry.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="keys">Key id → key; null where the key is destroyed.</param>
    /// <returns>One for each value that opens; erased and damaged ones have none.</returns>
    /// <exception cref="TlogFormatException">It is not an entry.</exception>
    public static IReadOnlyList<Opening> Openings(ReadOnlySpan<byte> entry, string origin, Func<string, PersonalKey?> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        CanonicalDocument document = Require(entry, out EntryFacts facts);
        var openings = new List<Opening>();
        foreach (int node in SealedNodes(document))
        {
            if (SealedValue.Read(document, node) is { } value
                && keys(value.KeyId) is { } key
                && key.TryOpen(origin, facts.Id, document.Pointer(node), value, out Opening? opening) == OpenResult.Opened)
            {
                openings.Add(opening!);
            }
        }

        return openings;
    }

    /// <summary>Whether a claim that comes again is the one that a stored entry was made of: the retry rule of construction A.</summary>
    /// <param name="stored">The stored entry.</param>
    /// <param name="incoming">The claim, in clear.</param>
    /// <param name="origin">The log's origin.</param>
    /// <param name="keys">Key id → key; null where the key is destroyed.</param>
    /// <remarks>
    /// Each personal value is sealed again under the stored entry's key at the stored place and must give the same bytes, whatever the
    /// log's
    /// privacy policy is by now. Where the key is destroyed nothing can be compared: any value there is taken for the same, so that a
    /// late retry does not log an erased person again.
    /// </remarks>
    /// <exception cref="TlogFormatException"><paramref name="stored"/> is not an entry.</exception>
    public static bool SameClaim(ReadOnlySpan<byte> stored, Claim incoming, string origin, Func<string, PersonalKey?> keys)
    {
        ArgumentNullException.ThrowIfNull(incoming);
        ArgumentNullException.ThrowIfNull(keys);
        CanonicalDocument document = Require(stored, out EntryFacts facts);
        return facts.Id == incoming.Id && Same(document, 0, incoming, 0, origin, keys);
    }

    private static bool Same(CanonicalDocument stored, int at, Claim incoming, int other, string origin, Func<string, PersonalKey?> keys)
    {
        CanonicalDocument claim = incoming.Document;
        if (SealedValue.IsMarked(stored, at))
        {
            if (SealedValue.Read(stored, at) is not { } value)
            {
                return false;
            }

            if (keys(value.KeyId) is not { } key)
            {
                return true;
            }

            SealedValue again = key.Seal(origin, incoming.Id, stored.Pointer(at), claim.Value(other));
            return stored.Value(at).SequenceEqual(again.ToJson());
        }

        CanonicalNode left = stored.Nodes[at];
        CanonicalNode right = claim.Nodes[other];
        if (left.Kind != right.Kind)
        {
            return false;
        }

        if (left.Kind > JsonKind.Array)
        {
            return stored.Value(at).SequenceEqual(claim.Value(other));
        }

        // Both are canonical, so equal containers have their members in the same order.
        int step = left.Kind == JsonKind.Object ? 1 : 0;
        int i = at + 1;
        int j = other + 1;
        while (true)
        {
            while (at == 0 && i < left.Next && IsEnvelope(stored, i))
            {
                i = stored.Nodes[i + 1].Next;
            }

            if (i >= left.Next || j >= right.Next)
            {
                return i >= left.Next && j >= right.Next;
            }

            if ((step == 1 && !stored.Value(i).SequenceEqual(claim.Value(j)))
                || !Same(stored, i + step, incoming, j + step, origin, keys))
            {
                return false;
            }

            i = stored.Nodes[i + step].Next;
            j = claim.Nodes[j + step].Next;
        }
    }

    private static bool TryRead(CanonicalDocument document, out EntryFacts facts)
    {
        facts = default;
        if (document.Text(document.Member(0, "id"u8)) is not { } id
            || document.Text(document.Member(document.Member(0, "ingest"u8), "principal"u8)) is not { } principal
            || document.Text(document.Member(0, "received_at"u8)) is not { } receivedAt
            || document.Text(document.Member(0, "time"u8)) is not { } time
            || document.Text(document.Member(0, "action"u8)) is not { } action
            || document.Text(document.Member(document.Member(0, "actor"u8), "id"u8)) is not { } actorId)
        {
            return false;
        }

        facts = new EntryFacts(id, principal, receivedAt, time, action, actorId);
        return true;
    }

    private static CanonicalDocument Require(ReadOnlySpan<byte> entry, out EntryFacts facts) =>
        CanonicalDocument.Read(entry) is { } document && TryRead(document, out facts)
            ? document
            : throw new TlogFormatException($"Not an entry: {entry.Length} bytes, no canonical JSON object with an entry's members.");

    private static bool IsEnvelope(CanonicalDocument document, int name)
    {
        ReadOnlySpan<byte> quoted = document.Value(name);
        foreach (byte[] reserved in ClaimSchema.Envelope)
        {
            if (quoted[1..^1].SequenceEqual(reserved))
            {
                return true;
            }
        }

        return false;
    }

    private static List<int> SealedNodes(CanonicalDocument document)
    {
        var found = new List<int>();
        ReadOnlySpan<CanonicalNode> nodes = document.Nodes;
        for (int node = 0; node < nodes.Length; node++)
        {
            if (SealedValue.IsMarked(document, node))
            {
                found.Add(node);
                node = nodes[node].Next - 1;
            }
        }

        return found;
    }
}
