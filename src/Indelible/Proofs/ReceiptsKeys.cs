using Indelible.Notes;

namespace Indelible.Proofs;

/// <summary>The keys that have signed a host's receipts, as handovers lead to and from the one that the caller pins. Our own construction C. Immutable.</summary>
/// <remarks>
/// A list of handovers is signed notes one after the other, with an empty line between; no bytes at all where there is none. Receipts of every
/// key of the chain are good, whenever they are shown: a receipt has no order but the time that its own key signed.
/// </remarks>
public sealed class ReceiptsKeys
{
    /// <summary>The longest list that is read, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The most handovers that a list may have.</summary>
    public const int MaxCount = 1_000;

    private readonly Func<VerifierKey, NoteVerifier?> _verifierOf;
    private readonly IReadOnlyList<byte[]> _notes;

    private ReceiptsKeys(VerifierKey pinned, IReadOnlyList<VerifierKey> keys, IReadOnlyList<byte[]> notes, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        Pinned = pinned;
        Keys = keys;
        _notes = notes;
        _verifierOf = verifierOf;
    }

    /// <summary>The key that the caller believes.</summary>
    public VerifierKey Pinned { get; }

    /// <summary>The keys, in order; at least the pinned one.</summary>
    public IReadOnlyList<VerifierKey> Keys { get; }

    /// <summary>The key that signs now, as far as the handovers say.</summary>
    public VerifierKey Current => Keys[^1];

    /// <summary>One key, and none besides.</summary>
    /// <param name="pinned">The key that the caller believes.</param>
    /// <param name="verifierOf">Makes a verifier of a key, or null where its type cannot be verified.</param>
    public static ReceiptsKeys Of(VerifierKey pinned, Func<VerifierKey, NoteVerifier?> verifierOf)
    {
        ArgumentNullException.ThrowIfNull(pinned);
        ArgumentNullException.ThrowIfNull(verifierOf);
        return new ReceiptsKeys(pinned, [pinned], [], verifierOf);
    }

    /// <summary>The keys that a whole list leads through. A list that says less than what is known leaves that as it is.</summary>
    /// <param name="list">Untrusted.</param>
    /// <exception cref="TlogFormatException">It is no list of handovers.</exception>
    /// <exception cref="VerificationException">A handover is not signed by both its keys, does not follow on the one before, leads past the pinned key, or contradicts what is known.</exception>
    public ReceiptsKeys With(ReadOnlySpan<byte> list)
    {
        IReadOnlyList<byte[]> notes = Divide(list);
        if (notes.Count == 0)
        {
            return this;
        }

        var keys = new List<VerifierKey>();
        foreach (byte[] note in notes)
        {
            var handover = ReceiptsHandoverNote.Verify(note, _verifierOf);
            if (keys.Count > 0 && keys[^1] != handover.Old)
            {
                throw new VerificationException($"The handover of receipts from {handover.Old.KeyId:x8} does not follow on the one to {keys[^1].KeyId:x8}.");
            }

            keys.AddRange(keys.Count == 0 ? [handover.Old, handover.New] : [handover.New]);
        }

        if (keys.Distinct().Count() != keys.Count || !keys.Contains(Pinned))
        {
            throw new VerificationException($"The handovers of receipts lead from {keys[0].KeyId:x8} to {keys[^1].KeyId:x8}: a key comes twice, or the pinned key {Pinned.KeyId:x8} is not among them.");
        }

        // Where both know a key, they must know the same one after it.
        int shift = keys.IndexOf(Pinned) - IndexOf(Pinned);
        for (int i = Math.Max(0, -shift); i < Keys.Count && i + shift < keys.Count; i++)
        {
            if (Keys[i] != keys[i + shift])
            {
                throw new VerificationException($"Two handovers of receipts contradict each other: to {Keys[i].KeyId:x8} and to {keys[i + shift].KeyId:x8}.");
            }
        }

        return keys.Count >= Keys.Count ? new ReceiptsKeys(Pinned, keys, notes, _verifierOf) : this;
    }

    /// <summary>Whether a note is signed, or seems to be, by a key that is known.</summary>
    /// <param name="note">Untrusted.</param>
    public bool Knows(ReadOnlySpan<byte> note) => SignedNote.TryParse(note, out SignedNote? signed) && Find(signed) is not null;

    /// <summary>Verifies the note of a group of receipts by the key that has signed it.</summary>
    /// <param name="note">Untrusted.</param>
    /// <exception cref="TlogFormatException">The note is not one of receipts.</exception>
    /// <exception cref="VerificationException">It is not signed by one of these keys.</exception>
    public VerifiedReceiptNote Verify(ReadOnlySpan<byte> note)
    {
        VerifierKey key = Find(SignedNote.Parse(note)) ?? Pinned;
        return VerifiedReceiptNote.Verify(note, _verifierOf(key) ?? throw new VerificationException($"Signatures of the key {key} cannot be verified here."));
    }

    /// <summary>Checks that one of these keys has signed a receipt.</summary>
    /// <param name="receipt">Untrusted.</param>
    /// <exception cref="TlogFormatException">Its note is not one of receipts.</exception>
    /// <exception cref="VerificationException">The promise is not signed by one of these keys, or is another host's.</exception>
    public void Verify(DurableReceipt receipt)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        Verify(receipt.Note.Span).Check(receipt);
    }

    /// <summary>A list with one handover more.</summary>
    /// <param name="list">The list so far.</param>
    /// <param name="note">The signed note of the next.</param>
    public static byte[] Append(ReadOnlySpan<byte> list, ReadOnlySpan<byte> note) => list.IsEmpty ? note.ToArray() : [.. list, (byte)'\n', .. note];

    /// <summary>The handovers as a list, to be kept.</summary>
    public byte[] Format()
    {
        byte[] list = [];
        foreach (byte[] note in _notes)
        {
            list = Append(list, note);
        }

        return list;
    }

    /// <summary>Divides a list: a note has one empty line, before its signatures, so every second one divides two.</summary>
    private static List<byte[]> Divide(ReadOnlySpan<byte> list)
    {
        var notes = new List<byte[]>();
        if (list.Length > MaxBytes)
        {
            throw new TlogFormatException($"A list of handovers has {list.Length} bytes, more than {MaxBytes}.");
        }

        while (!list.IsEmpty)
        {
            int within = list.IndexOf("\n\n"u8);
            int behind = within < 0 ? -1 : list[(within + 2)..].IndexOf("\n\n"u8);
            int end = behind < 0 ? list.Length : within + 2 + behind + 1;
            if (notes.Count == MaxCount || within < 0 || end == list.Length - 1)
            {
                throw new TlogFormatException("The bytes are not a list of handovers of receipts: signed notes, with an empty line between each two.");
            }

            notes.Add(list[..end].ToArray());
            list = end == list.Length ? [] : list[(end + 1)..];
        }

        return notes;
    }

    private int IndexOf(VerifierKey key)
    {
        int at = 0;
        while (Keys[at] != key)
        {
            at++;
        }

        return at;
    }

    private VerifierKey? Find(SignedNote note) => Keys.LastOrDefault(key => note.Signatures.Any(signature => signature.Name == key.Name && signature.KeyId == key.KeyId));
}
