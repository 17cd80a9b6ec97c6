using System.Security.Cryptography;
using Indelible.Engine.Backup;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Tests;
using Indelible.Verification;
using Indelible.Verification.Tests;

namespace Indelible.Fuzz.Targets;

/// <summary>What a backup says of itself, and what a restored log says of the one before.</summary>
internal static class BackupTargets
{
    private const string Origin = "test.example/logs/main";
    private const string State = "state/0000000000000007";

    private static readonly MasterKey s_master = MasterKey.Create(new MemoryDisk(), "/master.key", new SeededRandom());

    private static readonly Ed25519NoteSigner s_old = Ed25519NoteSigner.FromSeed(Origin, new byte[32]);

    private static readonly Ed25519NoteSigner s_new = Ed25519NoteSigner.FromSeed(Origin + ".i2", [.. Enumerable.Repeat((byte)1, 32)]);

    private static readonly Ed25519NoteVerifier s_oldKey = Ed25519NoteVerifier.FromVkey(s_old.VerifierKey);

    private static readonly TreeHead s_restored = MemoryTree.OfEntries(7).HeadAt(7);

    private static readonly IncarnationNote s_statement = new(Origin, s_restored.Size, s_restored.Root, s_new.VerifierKey);

    private static readonly byte[][] s_manifests = [.. Manifests()];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("backup-manifest", "A manifest that reads names nothing outside its backup; one whose seal opens is the one that was sealed.", ManifestOf, () => [.. s_manifests, .. s_manifests.Select(bytes => bytes[..^65])])
        {
            Words =
            [
                "null", "{}", "[]", "[null]", "\"\"", "\"format\": 1", "\"host\":", "\"time\":", "\"state\":", "\"logs\":", "\"files\":", "\"name\":", "\"origin\":", "\"vkey\":", "\"size\":", "\"root\":", "\"checkpoint\":",
                "\"entries\":", "\"frozen\":", "\"path\":", "\"bytes\":", "\"sha256\":", "..", "../", "/", "//", "./", "state/", "logs/", "logs/main/segments/", State, "\\u0000", "\\ud800", "\\n", "\n", "-1", "true", ",",
            ],
            Mend = input => [.. input, .. Foreign.OfText(Convert.ToHexStringLower(SHA256.HashData(input)) + "\n")],
            Slowness = 2,
        },
        new("incarnation-note", "What parses formats back to the same bytes.", NoteOf, () => [s_statement.Format(), new IncarnationNote("o", 0, TreeHasher.EmptyRoot, s_new.VerifierKey).Format()])
        {
            Words = [IncarnationNote.Header, "\n", "0", "00", "9223372036854775807", "9223372036854775808", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "=", "+", "\u00A0", "\uFEFF"],
        },
        new("incarnation-entry", "What an entry 0 says is read whole or not at all, and only what the finished log's key has said is believed.", EntryOf, Entries)
        {
            Words =
            [
                "\"action\":", "indelible.incarnation", "\"data\":", "\"name\":", "\"vkey\":", "\"of\":", "\"origin\":", "\"restored\":", "\"size\":", "\"root\":", "\"checkpoint\":", "\"signed\":", "\"note\":", "null", "-1",
                "9223372036854775807", "9223372036854775808", "1e3", "{}", "[]", "\"\"", "\\ud800", "\\n", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            ],
            Slowness = 4,
        },
    ];

    private static IEnumerable<byte[]> Manifests()
    {
        var log = new BackedUpLog("main", Origin, s_old.VerifierKey.ToString(), 7, s_restored.Root.ToBase64(), Vectors.Text("checkpoint_7"), 9, false);
        var settings = new BackedUpFile(State + "/indelible.json", 300, Convert.ToHexStringLower(SHA256.HashData("settings"u8)));
        var segment = new BackedUpFile("logs/main/segments/0000000000000000.segment", 4_096, Convert.ToHexStringLower(SHA256.HashData("segment"u8)));
        var tail = new BackedUpFile(State + "/logs/_system/tail/0000000000000000.tail", 64, Convert.ToHexStringLower(SHA256.HashData("tail"u8)));
        foreach (BackupManifest manifest in (BackupManifest[])
            [
                new(1, "test.example", "2026-11-23T06:14:25.0000000Z", State, [log], [settings]),
                new(1, "test.example", "2026-11-23T06:14:25.0000000Z", State, [log, log with { Name = "main.i2", Frozen = true }, log with { Name = "_system" }], [settings, segment, tail]),
            ])
        {
            yield return manifest.ToBytes(s_master);
        }
    }

    private static bool ManifestOf(byte[] input)
    {
        BackupManifest manifest;
        try
        {
            manifest = BackupManifest.Parse(input, "m");
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        Must.Hold(manifest.Format == 1 && manifest.Host is not null && BackupFolder.IsState(manifest.State), "A manifest has a format, a host and a state");
        Must.Hold(manifest.Logs.All(log => LogName.CanBe(log.Name) && log.Origin is not null && log.Checkpoint is not null), "A manifest's logs are whole");
        foreach (BackedUpFile file in manifest.Files)
        {
            Must.Hold(LiesInside(file.Path) && BackupFolder.TargetOf(manifest.State, file.Path) is { } target && LiesInside(target), "A manifest's files lie in its backup, and belong in the data folder");
        }

        try
        {
            manifest.VerifySeal(s_master, "m");
            Must.Hold(s_manifests.Any(sealedBytes => input.AsSpan().SequenceEqual(sealedBytes)), "Only what was sealed verifies, in its own bytes");
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            // Made by somebody without the key.
        }

        return true;
    }

    private static bool LiesInside(string path) => path.Length > 0 && path[0] != '/' && !path.Split('/').Contains("..");

    private static bool NoteOf(byte[] input)
    {
        if (!IncarnationNote.TryParse(input, out IncarnationNote? note))
        {
            return false;
        }

        Must.BeSame(note.Format(), input, "An incarnation's note formats back to its bytes");
        Must.Hold(note.Size >= 0 && note.Origin.Length > 0, "An incarnation's note names a log and a size");
        return true;
    }

    private static IEnumerable<byte[]> Entries()
    {
        string note = Foreign.Text(SignedNote.Sign(s_statement.Format(), s_old).ToBytes()).Replace("\n", "\\n", StringComparison.Ordinal);
        string whole = $$$"""
            {"action":"indelible.incarnation","data":{"name":"main.i2","vkey":"{{{s_new.VerifierKey}}}","of":{"name":"main","origin":"{{{Origin}}}","vkey":"{{{s_old.VerifierKey}}}"},
            "restored":{"size":7,"root":"{{{s_restored.Root.ToBase64()}}}","checkpoint":"c"},"signed":{"size":9},"note":"{{{note}}}"}}
            """;
        yield return Foreign.OfText(whole);
        yield return Foreign.OfText(whole.Replace(",\"signed\":{\"size\":9}", "", StringComparison.Ordinal));
    }

    private static bool EntryOf(byte[] input)
    {
        bool isRead = IncarnationFacts.TryRead(input, out IncarnationFacts? facts);
        var report = new VerificationReport(Verdict.Valid, s_new.VerifierKey.Name, s_restored, 7, [], [], [], []);
        VerificationReport checkedReport = IncarnationCheck.Apply(report, input, [s_new.VerifierKey.ToString()], s_oldKey, isAccepted: true);
        Must.Hold(isRead || checkedReport.Verdict == Verdict.NotValid, "An entry 0 that is no incarnation's does not make one");
        if (!isRead)
        {
            return false;
        }

        Must.Hold(facts!.Name is not null && facts.Vkey is not null && facts.Of is not null && facts.OfOrigin is not null && facts.OfVkey is not null && facts.Checkpoint is not null && facts.Note is not null, "Facts are whole");
        Must.Hold(facts.Restored.Size >= 0 && facts.SignedSize is not < 0, "Sizes are sizes");
        Must.Hold(checkedReport.Verdict != Verdict.Valid || (facts.Restored == s_restored && facts.OfOrigin == Origin), "Only what the finished log's key has said is believed");
        Must.Hold(IncarnationCheck.Apply(report, input, [s_new.VerifierKey.ToString()], null, isAccepted: false).Verdict == Verdict.NotValid, "A log in another's place is not valid for who has not accepted it");
        return checkedReport.Verdict == Verdict.Valid;
    }

    /// <summary>The same nonces each time.</summary>
    private sealed class SeededRandom : RandomSource
    {
        private readonly Dice _dice = new(1);

        public override void Fill(Span<byte> destination)
        {
            foreach (ref byte b in destination)
            {
                b = (byte)_dice.Next();
            }
        }
    }
}
