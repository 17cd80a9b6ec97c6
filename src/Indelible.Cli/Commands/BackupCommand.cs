using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Backup;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Server;
using Indelible.Server.Secrets;
using Indelible.Verification;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible backup</c>: copies a data folder, beside a running node or without one, and verifies the copy before it counts.</summary>
internal static class BackupCommand
{
    public static Command Make()
    {
        Option<string> data = CommandOptions.Data();
        var to = new Option<string>("--to") { Description = "The folder of the backup: new, empty, or that of an earlier backup, to which only what is new is added", Required = true };
        var checkpoints = new Option<string?>("--checkpoint-folder") { Description = "Where the data folder's checkpoint store is, if not inside" };
        Option<string[]> vkeys = Vkeys();
        var masterKey = new Option<string?>("--with-master-key") { Description = "Copy the master key to this file; never in the backup, which it opens" };
        var given = new Option<string?>("--master-key") { Description = "Where the master key is, if not in the data folder: env:NAME, file:PATH, command:/PROGRAM ARGUMENTS" };
        Option<bool> json = CommandOptions.Json();
        var command = new Command("backup", "Back up a data folder, beside a running server; every entry of the copy is re-hashed") { data, to, checkpoints, vkeys, masterKey, given, json };
        command.SetAction((parsed, cancel) => RunAsync(
            new DataFolder(parsed.GetValue(data)!),
            new BackupFolder(parsed.GetValue(to)!),
            parsed.GetValue(checkpoints),
            parsed.GetValue(vkeys)!,
            parsed.GetValue(masterKey),
            parsed.GetValue(given),
            parsed.GetValue(json),
            cancel));
        return command;
    }

    public static Option<string[]> Vkeys() => new("--vkey")
    {
        Description = "A log's verification key from a source that you trust; may be given several times. Without it the key that the folder names is taken",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Verifies every log of a backup, each by the key that is pinned for it, or else by its own.</summary>
    /// <returns>The heads that were verified; fewer than logs where something is wrong, which has been printed.</returns>
    public static async Task<IReadOnlyList<VerifiedCheckpoint>> VerifyAsync(
        BackupManifest manifest, Func<BackedUpLog, FolderLog> open, IReadOnlyCollection<Ed25519NoteVerifier> pinned, CancellationToken cancellationToken)
    {
        var verified = new List<VerifiedCheckpoint>();
        foreach (BackedUpLog log in manifest.Logs)
        {
            Ed25519NoteVerifier key = pinned.FirstOrDefault(key => key.Name == log.Origin) ?? Ed25519NoteVerifier.FromVkey(log.Vkey);
            using var source = new BackupLogSource(log, open(log));
            (VerificationReport report, VerifiedCheckpoint? checkpoint, _) = await new LogVerifier(key, source).VerifyAsync(cancellationToken);
            if (checkpoint is not null)
            {
                verified.Add(checkpoint);
                continue;
            }

            foreach (VerificationFault fault in report.Faults.Concat(report.Unclear))
            {
                Console.Error.WriteLine(Terminal.Clean($"{log.Name}: {fault.What}, {fault.Where}: {fault.Detail}"));
            }
        }

        return verified;
    }

    /// <summary>Reads the keys that the caller pins.</summary>
    public static bool TryReadKeys(string[] texts, out IReadOnlyCollection<Ed25519NoteVerifier> keys, out string fault)
    {
        var read = new List<Ed25519NoteVerifier>();
        keys = read;
        fault = "";
        foreach (string text in texts)
        {
            try
            {
                read.Add(Ed25519NoteVerifier.FromVkey(text));
            }
            catch (TlogFormatException e)
            {
                fault = "--vkey: " + e.Message;
                return false;
            }
        }

        return true;
    }

    private static async Task<int> RunAsync(
        DataFolder source, BackupFolder target, string? checkpoints, string[] vkeys, string? masterKey, string? given, bool asJson, CancellationToken cancellationToken)
    {
        if (!TryReadKeys(vkeys, out IReadOnlyCollection<Ed25519NoteVerifier> pinned, out string fault))
        {
            return CommandOptions.Fail(fault);
        }

        try
        {
            ReadOnlyMemory<byte>? kept = given is null ? default(ReadOnlyMemory<byte>?) : MasterKeyReference.Resolve(given);
            using FolderBackup backup = FolderBackup.Copy(source, target, checkpoints, TimeProvider.System, RandomSource.System, kept);
            if (pinned.FirstOrDefault(key => !backup.Staged.Logs.Any(log => log.Origin == key.Name)) is { } unknown)
            {
                return CommandOptions.Fail($"--vkey: the folder has no log {unknown.Name}.");
            }

            IReadOnlyList<VerifiedCheckpoint> verified = await VerifyAsync(backup.Staged, backup.OpenLog, pinned, cancellationToken);
            if (verified.Count < backup.Staged.Logs.Count)
            {
                Console.Error.WriteLine("There is no new backup. An earlier one in the folder is as it was.");
                return ExitCode.NotValid;
            }

            if (masterKey is not null)
            {
                backup.CopyMasterKey(masterKey);
            }

            Print(backup.Complete(verified), backup.SegmentsCopied, pinned, target, masterKey, asJson);
            return ExitCode.Done;
        }
        catch (SecretNotFoundException e)
        {
            return CommandOptions.Fail($"There is no new backup. --master-key: {e.Message}");
        }
        catch (StorageException e)
        {
            Console.Error.WriteLine(Terminal.Clean($"There is no new backup. {e.Message}"));
            return e.Outcome switch
            {
                StorageOutcome.Damaged => ExitCode.NotValid,
                StorageOutcome.Unknown => ExitCode.CouldNotTell,
                _ => ExitCode.Usage,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail($"There is no new backup. {e.Message}");
        }
    }

    private static void Print(
        BackupManifest manifest, int segmentsCopied, IReadOnlyCollection<Ed25519NoteVerifier> pinned, BackupFolder target, string? masterKey, bool asJson)
    {
        if (asJson)
        {
            using Stream output = Terminal.OpenJson();
            using Utf8JsonWriter json = JsonText.Writer(output);
            json.WriteStartObject();
            json.WriteString("backup", manifest.Digest);
            json.WriteString("time", manifest.Time);
            json.WriteStartArray("logs");
            foreach (BackedUpLog log in manifest.Logs)
            {
                json.WriteStartObject();
                json.WriteString("name", log.Name);
                json.WriteString("origin", log.Origin);
                json.WriteNumber("size", log.Size);
                json.WriteString("root", log.Root);
                json.WriteNumber("entries", log.Entries);
                json.WriteBoolean("pinned", pinned.Any(key => key.Name == log.Origin));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteNumber("segments_copied", segmentsCopied);
            json.WriteEndObject();
            json.Flush();
            output.WriteByte((byte)'\n');
            return;
        }

        Console.WriteLine($"Backed up to {target.Root}: {manifest.Files.Count} files, {manifest.Files.Sum(file => file.Bytes)} bytes, {segmentsCopied} segments copied.");
        Console.WriteLine($"The backup's digest: {manifest.Digest}");
        foreach (BackedUpLog log in manifest.Logs)
        {
            string more = log.Entries > log.Size ? string.Create(CultureInfo.InvariantCulture, $", and {log.Entries - log.Size} durable behind it") : "";
            string key = pinned.Any(key => key.Name == log.Origin) ? "the key that you gave" : "the folder's own key";
            Console.WriteLine(Terminal.Clean($"  {log.Name,-12} {log.Size,12} entries re-hashed: they make the root signed by {key}{more}"));
        }

        if (pinned.Count < manifest.Logs.Count)
        {
            Console.WriteLine("A key that the folder names itself shows damage, not deceit: whoever changed the folder could have changed the key as well. Give --vkey to pin a log's.");
        }

        Console.WriteLine(masterKey is null
            ? "The master key is not in the backup. Without a copy of it, kept elsewhere, nothing can be restored."
            : $"The master key was copied to {masterKey}. Keep it where the backup is not.");
    }
}
