using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Proofs;
using Indelible.Tests;
using Indelible.Verification;

namespace Indelible.Fuzz.Targets;

/// <summary>Proofs and receipts, and proofs as hostile lists of hashes: these are checked a second time as RFC 9162 spells the algorithms.</summary>
internal static class ProofTargets
{
    private const string Origin = "audit.example/log1";
    private const string Host = "test.example";
    private const int InclusionHead = 8 + 8 + Hash.Size + Hash.Size;
    private const int ConsistencyHead = 8 + 8 + Hash.Size + Hash.Size;
    private const int Promises = 5;

    private static readonly Ed25519NoteVerifier s_log = Ed25519NoteVerifier.FromVkey(
        Ed25519NoteSigner.FromSeed(Origin, Convert.FromHexString(Vectors.Root.GetProperty("log").GetProperty("seed_hex").GetString()!)).VerifierKey);

    private static readonly Ed25519NoteSigner s_receipts = Ed25519NoteSigner.FromSeed(Host + "/receipts", new byte[32]);

    private static readonly Ed25519NoteVerifier s_receiptsKey = Ed25519NoteVerifier.FromVkey(s_receipts.VerifierKey);

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("tlog-proof", "What parses formats back to the same bytes, and proves only what is in the tree.", TlogProofOf, TlogProofs)
        {
            Words = ["c2sp.org/tlog-proof@v1\n", "extra ", "extra \n", "index ", "index 3\n", "\n", "\n\n", "— ", "=", "9223372036854775807"],
        },
        new("inclusion-proof", "Verifying never throws and agrees with the algorithm of RFC 9162, 2.1.3.2.", InclusionOf, Inclusions)
        {
            Mend = MendInclusion,
            MaxBytes = InclusionHead + (70 * Hash.Size),
        },
        new("consistency-proof", "Verifying never throws and agrees with the algorithm of RFC 9162, 2.1.4.2.", ConsistencyOf, Consistencies)
        {
            Mend = MendConsistency,
            MaxBytes = ConsistencyHead + (70 * Hash.Size),
        },
        new("receipts", "Reading ends in receipts or TlogFormatException, and only promises that were made verify.", ReceiptsOf, Receipts)
        {
            Words =
            [
                "\"receipts\":", "\"results\":", "\"receipt\":", "\"receipt_note\":", "\"origin\":", "\"index\":", "\"leaf_hash\":", "\"received_at\":", "\"id\":", "\"position\":", "\"path\":",
                "null", "true", "{}", "[]", "\"\"", "-1", "1e9", "0", "\\n", "\\ud800", "\\u0000", "\n",
            ],
        },
    ];

    private static IEnumerable<byte[]> TlogProofs()
    {
        byte[] proof = Foreign.OfText(Vectors.Text("tlog_proof_3_of_7"));
        TlogProof parsed = TlogProof.Parse(proof);
        return [proof, new TlogProof(parsed.Index, parsed.Hashes, parsed.Checkpoint, "more"u8.ToArray()).Format(), new TlogProof(0, [], parsed.Checkpoint, Array.Empty<byte>()).Format()];
    }

    private static bool TlogProofOf(byte[] input)
    {
        if (!TlogProof.TryParse(input, out TlogProof? proof))
        {
            return false;
        }

        Must.BeSame(proof.Format(), input, "A proof formats back to its bytes");
        foreach (int i in (ReadOnlySpan<int>)[3, (int)(proof.Index % 7)])
        {
            try
            {
                VerifiedInclusion verified = proof.Verify(Vectors.EntryAt(i), Origin, s_log);
                Must.Hold(verified.Index == i && verified.Checkpoint.Head.Size > i, "An entry is proven at its own index only");
            }
            catch (Exception e) when (e is TlogFormatException or VerificationException)
            {
                // It proves something else, or nothing.
            }
        }

        return true;
    }

    // Index, size, leaf hash, root, then the hashes of the proof; big-endian.
    private static IEnumerable<byte[]> Inclusions()
    {
        MemoryTree tree = MemoryTree.OfEntries(130);
        foreach ((int index, int size) in ((int, int)[])[(0, 1), (0, 2), (3, 7), (6, 7), (64, 130), (129, 130), (127, 128), (99, 100)])
        {
            yield return Message(index, size, TreeHasher.Leaf(Vectors.EntryAt(index)), tree.HeadAt(size).Root, InclusionProof.Create(tree, index, size));
        }
    }

    // From, to, old root, new root, then the hashes of the proof.
    private static IEnumerable<byte[]> Consistencies()
    {
        MemoryTree tree = MemoryTree.OfEntries(130);
        foreach ((int from, int to) in ((int, int)[])[(1, 1), (1, 2), (3, 7), (4, 7), (6, 7), (64, 130), (127, 130), (100, 128)])
        {
            yield return Message(from, to, tree.HeadAt(from).Root, tree.HeadAt(to).Root, ConsistencyProof.Create(tree, from, to));
        }
    }

    private static byte[] Message(long first, long second, Hash left, Hash right, ReadOnlySpan<Hash> proof)
    {
        byte[] message = new byte[InclusionHead + (proof.Length * Hash.Size)];
        BinaryPrimitives.WriteInt64BigEndian(message, first);
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(8), second);
        left.CopyTo(message.AsSpan(16));
        right.CopyTo(message.AsSpan(48));
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i].CopyTo(message.AsSpan(InclusionHead + (i * Hash.Size)));
        }

        return message;
    }

    private static bool TryRead(byte[] input, out long first, out long second, out Hash left, out Hash right, out Hash[] proof)
    {
        (first, second, left, right, proof) = (0, 0, default, default, []);
        if (input.Length < InclusionHead)
        {
            return false;
        }

        first = BinaryPrimitives.ReadInt64BigEndian(input);
        second = BinaryPrimitives.ReadInt64BigEndian(input.AsSpan(8));
        left = new Hash(input.AsSpan(16, Hash.Size));
        right = new Hash(input.AsSpan(48, Hash.Size));
        proof = new Hash[(input.Length - InclusionHead) / Hash.Size];
        for (int i = 0; i < proof.Length; i++)
        {
            proof[i] = new Hash(input.AsSpan(InclusionHead + (i * Hash.Size), Hash.Size));
        }

        return true;
    }

    private static bool InclusionOf(byte[] input)
    {
        if (!TryRead(input, out long index, out long size, out Hash leaf, out Hash root, out Hash[] proof))
        {
            return false;
        }

        bool verified = InclusionProof.Verify(leaf, index, new TreeHead(size, root), proof);
        Must.Hold(verified == (RootOf(index, size, leaf, proof) == root), "Both algorithms agree on an inclusion proof");
        return verified;
    }

    private static byte[] MendInclusion(byte[] input)
    {
        if (TryRead(input, out long index, out long size, out Hash leaf, out _, out Hash[] proof) && RootOf(index, size, leaf, proof) is { } root)
        {
            root.CopyTo(input.AsSpan(48));
        }

        return input;
    }

    /// <summary>RFC 9162, 2.1.3.2: the root that a proof leads to, or null where its length is not the one it must have.</summary>
    private static Hash? RootOf(long index, long size, Hash leaf, Hash[] proof)
    {
        if (index < 0 || index >= size)
        {
            return null;
        }

        (long fn, long sn, Hash r) = (index, size - 1, leaf);
        foreach (Hash p in proof)
        {
            if (sn == 0)
            {
                return null;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                r = TreeHasher.Node(p, r);
                while ((fn & 1) == 0 && fn != 0)
                {
                    fn >>= 1;
                    sn >>= 1;
                }
            }
            else
            {
                r = TreeHasher.Node(r, p);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 ? r : null;
    }

    private static bool ConsistencyOf(byte[] input)
    {
        if (!TryRead(input, out long from, out long to, out Hash older, out Hash newer, out Hash[] proof))
        {
            return false;
        }

        bool verified = ConsistencyProof.Verify(new TreeHead(from, older), new TreeHead(to, newer), proof);
        if (from > 0)
        {
            bool expected = from == to ? proof.Length == 0 && older == newer : RootsOf(from, to, older, proof) is { } roots && roots.Older == older && roots.Newer == newer;
            Must.Hold(verified == expected, "Both algorithms agree on a consistency proof");
        }

        return verified;
    }

    private static byte[] MendConsistency(byte[] input)
    {
        if (TryRead(input, out long from, out long to, out Hash older, out _, out Hash[] proof) && RootsOf(from, to, older, proof) is { } roots)
        {
            roots.Older.CopyTo(input.AsSpan(16));
            roots.Newer.CopyTo(input.AsSpan(48));
        }

        return input;
    }

    /// <summary>RFC 9162, 2.1.4.2: the roots that a proof leads to, or null where its length is not the one it must have.</summary>
    private static (Hash Older, Hash Newer)? RootsOf(long from, long to, Hash older, Hash[] proof)
    {
        if (from < 1 || from >= to)
        {
            return null;
        }

        Hash[] path = long.IsPow2(from) ? [older, .. proof] : proof;
        if (path.Length == 0)
        {
            return null;
        }

        (long fn, long sn) = (from - 1, to - 1);
        while ((fn & 1) == 1)
        {
            fn >>= 1;
            sn >>= 1;
        }

        (Hash fr, Hash sr) = (path[0], path[0]);
        foreach (Hash c in path.AsSpan(1))
        {
            if (sn == 0)
            {
                return null;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                fr = TreeHasher.Node(c, fr);
                sr = TreeHasher.Node(c, sr);
                while ((fn & 1) == 0 && fn != 0)
                {
                    fn >>= 1;
                    sn >>= 1;
                }
            }
            else
            {
                sr = TreeHasher.Node(sr, c);
            }

            fn >>= 1;
            sn >>= 1;
        }

        return sn == 0 ? (fr, sr) : null;
    }

    private static IEnumerable<byte[]> Receipts()
    {
        var group = new ReceiptGroup();
        for (int i = 0; i < Promises; i++)
        {
            group.Add(Host + "/logs/main", i, TreeHasher.Leaf(Vectors.EntryAt(i)), At(i), Id(i));
        }

        SignedReceiptGroup signed = group.Sign(s_receipts);
        object[] receipts =
        [
            .. Enumerable.Range(0, Promises).Select(i => new
            {
                origin = Host + "/logs/main",
                index = i,
                leaf_hash = TreeHasher.Leaf(Vectors.EntryAt(i)).ToBase64(),
                received_at = At(i),
                id = Id(i),
                position = i,
                path = signed.PathOf(i).Select(hash => hash.ToBase64()).ToArray(),
            }),
        ];
        yield return JsonSerializer.SerializeToUtf8Bytes(new { receipts, receipt_note = signed.Note });
        yield return JsonSerializer.SerializeToUtf8Bytes(new { receipts = receipts[..1], receipt_note = signed.Note, checkpoint = (string?)null });
        yield return JsonSerializer.SerializeToUtf8Bytes(new { results = new object[] { new { receipt = receipts[4] }, new { problem = 1 } }, receipt_note = signed.Note });
    }

    private static string Id(int i) => string.Create(CultureInfo.InvariantCulture, $"e-{i}");

    private static string At(int i) => string.Create(CultureInfo.InvariantCulture, $"2026-11-23T06:14:2{i}.0000000Z");

    private static bool ReceiptsOf(byte[] input)
    {
        DurableReceipt[] receipts;
        try
        {
            receipts = [.. ReceiptFile.Read(Foreign.Text(input).Split('\n'))];
        }
        catch (TlogFormatException)
        {
            return false;
        }

        foreach (DurableReceipt receipt in receipts)
        {
            try
            {
                receipt.Verify(s_receiptsKey);
                int i = checked((int)receipt.Index);
                Must.Hold(
                    i < Promises && receipt.Origin == Host + "/logs/main" && receipt.LeafHash == TreeHasher.Leaf(Vectors.EntryAt(i)) && receipt.Id == Id(i) && receipt.ReceivedAt == At(i),
                    "Only promises that were made verify");
            }
            catch (Exception e) when (e is TlogFormatException or VerificationException)
            {
                // Not signed, or not this.
            }
        }

        return true;
    }
}
