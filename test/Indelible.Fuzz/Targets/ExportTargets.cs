using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Events;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Tests;
using Indelible.Tests.Events;
using Indelible.Verification;

namespace Indelible.Fuzz.Targets;

/// <summary>Exports with proofs, and their manifests, as a stranger hands them over.</summary>
internal static class ExportTargets
{
    private const int Entries = 5;

    private static readonly Ed25519NoteSigner s_signer = Ed25519NoteSigner.FromSeed(Samples.Origin, new byte[32]);

    private static readonly CheckpointTrust s_trust = CheckpointTrust.InKey(Ed25519NoteVerifier.FromVkey(s_signer.VerifierKey));

    private static readonly byte[][] s_entries = [.. Enumerable.Range(0, Entries).Select(EntryAt)];

    private static readonly MemoryTree s_tree = TreeOf(s_entries);

    private static readonly ExportManifest s_manifest = new()
    {
        Id = "01931c3e-7f3a-7c31-9a55-3f6d0c2b9e10",
        Log = "main",
        Origin = Samples.Origin,
        Query = "outcome:failure",
        From = "2026-11-23T06:14:25.0000000Z",
        AsOf = Entries,
        Format = "ndjson",
        Fields = ["time", "actor.id"],
        Proofs = true,
        Rows = "all",
        Personal = "masked",
        Count = Entries,
        Bytes = 1,
        Sha256 = "00",
        IsComplete = true,
        Principal = "acme/auditor",
        Started = DateTimeOffset.UnixEpoch,
        Ended = DateTimeOffset.UnixEpoch,
        Checkpoint = Foreign.Text(SignedNote.Sign(new Checkpoint(Samples.Origin, Entries, s_tree.HeadAt(Entries).Root).Format(), s_signer).ToBytes()),
    };

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("export-manifest", "Reading ends in a manifest or TlogFormatException, and what reads is written and read as the same.", ManifestOf, () => [s_manifest.ToJson(), (s_manifest with { Fields = null, IsComplete = false, Broken = "stopping", To = "x" }).ToJson()])
        {
            Words = ["\"manifest\":", "\"fields\":", "\"as_of\":", "\"from\":", "\"complete\":", "null", "true", "-1", "1e3", "1.5", "9223372036854775808", "{}", "[]", "[null]", "\"\"", "\\ud800", "\\u0000", ","],
        },
        new("export-lines", "Verifying never throws, and where a file is valid each of its lines is an entry of the log at its index.", LinesOf, Files)
        {
            Words = ["\"index\":", "\"leaf_hash\":", "\"entry\":", "\"proof\":", "\"personal\":{}", "[]", "{}", "null", "-1", "0", "1", "9223372036854775807", "1e0", "\n", "\n\n", " ", "\"\"", "\\u0065", ","],
            MaxBytes = 16 << 10,
            Slowness = 8,
        },
    ];

    private static byte[] EntryAt(int index)
    {
        var claim = Claim.Parse(Foreign.OfText(Samples.With("id", $"\"e-{index}\"")));
        return EntryBuilder.TryBuild(claim, Samples.Context(new TestKeys()), out BuiltEntry? entry, out _) ? entry.Bytes.ToArray() : throw new InvalidOperationException();
    }

    private static MemoryTree TreeOf(byte[][] entries)
    {
        var tree = new MemoryTree();
        foreach (byte[] entry in entries)
        {
            tree.Append(TreeHasher.Leaf(entry));
        }

        return tree;
    }

    private static IEnumerable<byte[]> Files() => [FileOf(0, 1, 2, 3, 4), FileOf(1, 3), FileOf(4)];

    private static byte[] FileOf(params int[] indexes) => Foreign.OfText(string.Concat(indexes.Select(index =>
    {
        string proof = string.Join(',', InclusionProof.Create(s_tree, index, Entries).Select(hash => $"\"{hash.ToBase64()}\""));
        return $"{{\"index\":{index},\"leaf_hash\":\"{TreeHasher.Leaf(s_entries[index]).ToBase64()}\",\"entry\":{Encoding.UTF8.GetString(s_entries[index])},\"proof\":[{proof}]}}\n";
    })));

    private static bool ManifestOf(byte[] input)
    {
        try
        {
            ExportManifest manifest = ExportManifest.Parse(input);
            byte[] written = manifest.ToJson();
            Must.BeSame(ExportManifest.Parse(written).ToJson(), written, "A manifest that was written reads as the same");
            return true;
        }
        catch (TlogFormatException)
        {
            return false;
        }
    }

    private static bool LinesOf(byte[] input)
    {
        // Whoever forges a file forges its manifest as well; the checkpoint he cannot.
        ExportManifest manifest = s_manifest with { Count = input.Count(unit => unit == '\n'), Bytes = input.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(input)) };
        using var lines = new MemoryStream(input);
        VerificationReport report = new ExportCheck(s_trust, manifest, "file").RunAsync(lines, CancellationToken.None).GetAwaiter().GetResult();
        if (report.Verdict != Verdict.Valid)
        {
            return false;
        }

        foreach (string line in Encoding.UTF8.GetString(input).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonElement item = JsonElement.Parse(line);
            Must.BeSame(JsonMarshal.GetRawUtf8Value(item.GetProperty("entry")), s_entries[item.GetProperty("index").GetInt32()], "A line of a valid file is the log's entry");
        }

        return true;
    }
}
