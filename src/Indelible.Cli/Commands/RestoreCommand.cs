using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Indelible.Engine;
using Indelible.Engine.Backup;
using Indelible.Engine.Storage;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Indelible.Cli.Commands;

/// <summary><c>indelible restore</c>: makes a data folder of a backup without forking a log, or, with <c>--check</c>, says what would become of each.</summary>
internal static class RestoreCommand
{
    private const int MaxApprover = 256;

    public static Command Make()
    {
        var from = new Option<string>("--from") { Description = "The folder of the backup", Required = true };
        var to = new Option<string?>("--to") { Description = "The data folder to make: new or empty" };
        var check = new Option<bool>("--check") { Description = "Verify the backup and say what would be done; makes nothing" };
        var masterKey = new Option<string>("--master-key") { Description = "The master key of the folder that was backed up", Required = true };
        var known = new Option<string[]>("--known-head") { Description = "A signed checkpoint that somebody kept; may be given several times", DefaultValueFactory = _ => [] };
        var checkpoints = new Option<string?>("--checkpoint-folder") { Description = "The checkpoint store of the lost node, if it survives; the restored node goes on with it" };
        var approvedBy = new Option<string?>("--approved-by") { Description = "Who approved; entered in the log. Default: the user who runs this" };
        var acceptLoss = new Option<bool>("--accept-loss") { Description = "Restore although the configuration cannot go on: logs and keys made or revoked since the backup are lost" };
        var nothingSince = new Option<bool>("--nothing-signed-since") { Description = "Where the checkpoint store is lost: vouch that the node signed nothing after the backup. If that is wrong, the logs fork" };
        Option<string[]> vkeys = BackupCommand.Vkeys();
        Option<bool> json = CommandOptions.Json();
        var command = new Command("restore", "Restore a data folder from a backup; a log of which more was signed than is left is finished, and another goes on in its place")
        {
            from, to, check, masterKey, known, checkpoints, approvedBy, acceptLoss, nothingSince, vkeys, json,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            new Request(
                new BackupFolder(parsed.GetValue(from)!),
                parsed.GetValue(to),
                parsed.GetValue(check),
                parsed.GetValue(masterKey)!,
                parsed.GetValue(known)!,
                parsed.GetValue(checkpoints),
                parsed.GetValue(approvedBy) ?? Environment.UserName,
                parsed.GetValue(acceptLoss),
                parsed.GetValue(nothingSince),
                parsed.GetValue(vkeys)!),
            parsed.GetValue(json),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(Request request, bool asJson, CancellationToken cancellationToken)
    {
        if (!BackupCommand.TryReadKeys(request.Vkeys, out IReadOnlyCollection<Ed25519NoteVerifier> pinned, out string fault))
        {
            return CommandOptions.Fail(fault);
        }

        if (request.Check == (request.To is not null))
        {
            return CommandOptions.Fail("Say where to restore to (--to), or that nothing is to be made (--check).");
        }

        if (request.ApprovedBy.Length is 0 or > MaxApprover || request.ApprovedBy.Any(char.IsControl))
        {
            return CommandOptions.Fail($"--approved-by: 1 to {MaxApprover} visible characters.");
        }

        try
        {
            return await RestoreAsync(request, pinned, asJson, cancellationToken);
        }
        catch (StorageException e)
        {
            Console.Error.WriteLine(Terminal.Clean($"Nothing was restored. {e.Message}"));
            return e.Outcome switch
            {
                StorageOutcome.Damaged => ExitCode.NotValid,
                StorageOutcome.Unknown => ExitCode.CouldNotTell,
                _ => ExitCode.Usage,
            };
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            Console.Error.WriteLine(Terminal.Clean($"Nothing was restored. {e.Message}"));
            return ExitCode.NotValid;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CommandOptions.Fail($"Nothing was restored. {e.Message}");
        }
    }

    private static async Task<int> RestoreAsync(Request request, IReadOnlyCollection<Ed25519NoteVerifier> pinned, bool asJson, CancellationToken cancellationToken)
    {
        // Before hours of reading: whether there is room for the result at all.
        if (request.To is not null && Directory.Exists(request.To) && Directory.EnumerateFileSystemEntries(request.To).Any())
        {
            return CommandOptions.Fail($"Nothing was restored. {request.To} is not empty; a data folder is restored to an empty or a new one.");
        }

        using FolderRestore restore = FolderRestore.Open(request.From, request.MasterKey);
        if (pinned.FirstOrDefault(key => !restore.Manifest.Logs.Any(log => log.Origin == key.Name)) is { } unknown)
        {
            return CommandOptions.Fail($"--vkey: the backup has no log {unknown.Name}.");
        }

        IReadOnlyList<VerifiedCheckpoint> verified = await BackupCommand.VerifyAsync(restore.Manifest, restore.OpenLog, pinned, cancellationToken);
        if (verified.Count < restore.Manifest.Logs.Count)
        {
            Console.Error.WriteLine("Nothing was restored: the backup does not verify.");
            return ExitCode.NotValid;
        }

        RestorePlan plan = restore.Plan(
            request.CheckpointFolder, [.. request.KnownHeads.Select(path => (Path.GetFileName(path), (ReadOnlyMemory<byte>)ReadNote(path)))], request.NothingSignedSince);
        if (request.Check)
        {
            Print(restore, plan, null, null, asJson);
            return ExitCode.Done;
        }

        if (plan.LosesConfiguration && !request.AcceptLoss)
        {
            foreach (LogDecision decision in plan.Decisions)
            {
                Console.Error.WriteLine(Terminal.Clean($"  {decision.Log.Name,-12} {decision.Reason}"));
            }

            return CommandOptions.Fail(plan.Asked.Count == 0
                ? "Nothing was restored. Give the lost node's checkpoint store (--checkpoint-folder): it alone knows all that was signed. If it is lost, --accept-loss begins new logs in place of all."
                : "Nothing was restored. The configuration (_system) cannot go on: logs and keys made or revoked since the backup are lost. If that is accepted, say --accept-loss, and look through the keys afterwards.");
        }

        var options = new EngineOptions { CheckpointFolder = request.CheckpointFolder };
        var folder = new DataFolder(request.To!);
        IReadOnlyList<RestoredLog> logs = await restore.ExecuteAsync(folder, plan, verified, request.ApprovedBy, options, TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);
        Print(restore, plan, logs, request, asJson);
        return ExitCode.Done;
    }

    private static byte[] ReadNote(string path)
    {
        var file = new FileInfo(path);
        return file.Length <= SignedNote.MaxBytes ? File.ReadAllBytes(path) : throw new TlogFormatException($"{path} has {file.Length} bytes, more than a note.");
    }

    private static void Print(FolderRestore restore, RestorePlan plan, IReadOnlyList<RestoredLog>? logs, Request? request, bool asJson)
    {
        if (asJson)
        {
            PrintJson(restore, plan, logs);
            return;
        }

        Console.WriteLine($"The backup of {restore.Manifest.Time} is whole: every file has its hash, and the entries of every log make its signed root.");
        foreach (LogDecision decision in plan.Decisions)
        {
            string behind = decision.Log.Entries > decision.Log.Size ? string.Create(CultureInfo.InvariantCulture, $" ({decision.Log.Size} of them under its last checkpoint)") : "";
            Console.WriteLine(Terminal.Clean($"  {decision.Log.Name,-12} {decision.Log.Entries,12} entries{behind}: {decision.Reason}"));
        }

        if (logs is null || request is null)
        {
            Console.WriteLine("Nothing was made.");
            return;
        }

        RestoredLog[] begun = [.. logs.Where(log => plan.Decisions.Any(decision => decision.Successor == log.Name))];
        Console.WriteLine($"Restored to {Path.GetFullPath(request.To!)}.");
        if (begun.Length > 0)
        {
            Console.WriteLine("New logs, with keys of their own. Give these to everybody who verifies, by another way than this server:");
            foreach (RestoredLog log in begun)
            {
                Console.WriteLine($"  {log.Name,-12} {log.Vkey}");
            }
        }

        if (restore.NewReceiptsVkey is { } receipts)
        {
            Console.WriteLine("The receipts' key was rotated after the backup, and is lost. Receipts are signed by a new one, to be pinned anew:");
            Console.WriteLine($"  {"receipts",-12} {receipts}");
        }

        if (plan.LosesConfiguration)
        {
            Console.WriteLine("Keys that were revoked after the backup are valid again, and keys and logs made after it do not exist: look through 'indelible keys list'.");
        }

        string checkpoints = request.CheckpointFolder is null ? "" : $" --checkpoint-folder {request.CheckpointFolder}";
        Console.WriteLine($"Make sure that the node which was lost never runs again: two nodes would sign two histories. Then: indelible serve --data {request.To}{checkpoints}");
    }

    private static void PrintJson(FolderRestore restore, RestorePlan plan, IReadOnlyList<RestoredLog>? logs)
    {
        using Stream output = Terminal.OpenJson();
        using Utf8JsonWriter json = JsonText.Writer(output);
        json.WriteStartObject();
        json.WriteString("backup", restore.Manifest.Digest);
        json.WriteString("time", restore.Manifest.Time);
        json.WriteBoolean("restored", logs is not null);
        if (restore.NewReceiptsVkey is { } receipts)
        {
            json.WriteString("receipts_vkey", receipts);
        }

        json.WriteStartArray("logs");
        foreach (LogDecision decision in plan.Decisions)
        {
            json.WriteStartObject();
            json.WriteString("name", decision.Log.Name);
            json.WriteString("origin", decision.Log.Origin);
            json.WriteNumber("entries", decision.Log.Entries);
            if (decision.Signed is { } signed)
            {
                json.WriteNumber("signed", signed.Checkpoint.Head.Size);
            }

            json.WriteString("decision", decision.Reason);
            if (decision.Successor is { } successor)
            {
                json.WriteString("successor", successor);
                if (logs?.FirstOrDefault(log => log.Name == successor) is { } begun)
                {
                    json.WriteString("successor_vkey", begun.Vkey);
                }
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private sealed record Request(
        BackupFolder From,
        string? To,
        bool Check,
        string MasterKey,
        string[] KnownHeads,
        string? CheckpointFolder,
        string ApprovedBy,
        bool AcceptLoss,
        bool NothingSignedSince,
        string[] Vkeys);
}
