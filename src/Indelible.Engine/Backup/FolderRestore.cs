using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Rotation;
using Microsoft.Extensions.Logging;

namespace Indelible.Engine.Backup;

/// <summary>Makes a data folder of a backup, and never forks a log: one of which more was signed than is left is finished, and another goes on in its place.</summary>
/// <remarks>
/// <para>
/// Our own construction E. The order: every file is compared with the manifest, and the manifest with its seal (<see cref="Open"/>);
/// the caller verifies every log; what was signed is asked of whoever may know (<see cref="Plan"/>); the pieces are put in place;
/// the logs are rebuilt from them and compared with every head that is known; only then is anything signed; the settings, which make
/// the folder a data folder, come last. A restore that ends before leaves a folder that no node starts on.
/// </para>
/// <para>
/// Only the checkpoint store has seen everything that was signed. Where it is lost, a head from elsewhere says what was signed at
/// least, and never that nothing was signed since; so no log goes on, unless somebody vouches for that.
/// </para>
/// </remarks>
public sealed class FolderRestore : IDisposable
{
    private const int MaxNoteCharacters = 4_096;
    private readonly BackupFolder _backup;
    private readonly MasterKey _master;
    private readonly byte[] _masterBytes;
    private readonly HashSet<string> _files;   // the paths of the backup's own files
    private readonly Dictionary<string, KeyChain> _keys = new(StringComparer.Ordinal);   // by origin, as far as handovers are known

    private FolderRestore(BackupFolder backup, BackupManifest manifest, FolderSettings settings, MasterKey master, byte[] masterBytes)
    {
        _backup = backup;
        _master = master;
        _masterBytes = masterBytes;
        _files = [.. manifest.Files.Select(backup.PathOf)];
        Manifest = manifest;
        Settings = settings;
    }

    /// <summary>What the backup is; its seal was opened by the master key.</summary>
    public BackupManifest Manifest { get; }

    /// <summary>What the folder was.</summary>
    public FolderSettings Settings { get; }

    /// <summary>The key that signs receipts from now on, where the one that did is lost with the node; null otherwise.</summary>
    public string? NewReceiptsVkey { get; private set; }

    /// <summary>Opens a backup and compares every file with what the manifest says.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="masterKeyFile">The master key of the folder that was backed up.</param>
    /// <exception cref="StorageException">It is no complete backup, a file is missing or altered, or the key is another one; the message names the file.</exception>
    public static FolderRestore Open(BackupFolder backup, string masterKeyFile)
    {
        ArgumentNullException.ThrowIfNull(backup);
        BackupManifest manifest = backup.ReadManifest();
        MasterKey master = MasterKey.Open(backup.Disk, masterKeyFile, RandomSource.System);
        try
        {
            manifest.VerifySeal(master, backup.ManifestFile);
            foreach (BackedUpFile file in manifest.Files)
            {
                Compare(backup, file);
            }

            return new FolderRestore(backup, manifest, backup.AsDataFolder(manifest.State).ReadSettings(), master, backup.Disk.ReadWhole(masterKeyFile, MaxNoteCharacters));
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Finds the pieces of a log, to verify it.</summary>
    public FolderLog OpenLog(BackedUpLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return _backup.OpenLog(Manifest, log.Name, log.Origin, _files);
    }

    /// <summary>Decides which logs go on and which are finished.</summary>
    /// <param name="checkpointFolder">The checkpoint store of the lost node, if it survives.</param>
    /// <param name="notes">Signed checkpoints that others kept: where from, and the note. Untrusted.</param>
    /// <param name="nothingSignedSince">Whether somebody vouches that nothing was signed after the backup.</param>
    /// <exception cref="StorageException">The store is in use or is not the last one.</exception>
    /// <exception cref="VerificationException">A note is not one of a log in this backup.</exception>
    /// <exception cref="TlogFormatException">A note is none.</exception>
    public RestorePlan Plan(string? checkpointFolder, IReadOnlyList<(string From, ReadOnlyMemory<byte> Note)> notes, bool nothingSignedSince)
    {
        ArgumentNullException.ThrowIfNull(notes);
        List<string> asked = [];
        List<KnownHead> known = [];
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? store = null;
        if (checkpointFolder is not null)
        {
            store = ReadStore(checkpointFolder, known);
            asked.Add("the checkpoint store");
        }

        foreach ((string from, ReadOnlyMemory<byte> note) in notes)
        {
            known.Add(Verify(from, note));
            asked.Add(from);
        }

        HashSet<string> taken = [.. Manifest.Logs.Select(log => log.Origin), .. store?.Keys ?? []];
        var decisions = new List<LogDecision>();
        foreach (BackedUpLog log in Manifest.Logs)
        {
            decisions.Add(Decide(log, known.Where(head => head.Checkpoint.Checkpoint.Origin == log.Origin).MaxBy(head => head.Checkpoint.Head.Size), store is not null || nothingSignedSince, taken));
        }

        return new RestorePlan(decisions, asked, known);
    }

    /// <summary>Makes the data folder.</summary>
    /// <param name="folder">A folder that does not exist or is empty.</param>
    /// <param name="plan">What <see cref="Plan"/> decided.</param>
    /// <param name="verified">For each log the checkpoint that all its entries in the backup were compared with.</param>
    /// <param name="approvedBy">Who approved, as it is entered.</param>
    /// <param name="options">Sizes and places; the checkpoint folder is the surviving one, or null for a new one inside.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Draws keys.</param>
    /// <param name="loggers">Where the engine logs.</param>
    /// <exception cref="StorageException">The folder is not empty, a log was not verified, or is not what a known head says. No data folder was made.</exception>
    public async Task<IReadOnlyList<RestoredLog>> ExecuteAsync(
        DataFolder folder, RestorePlan plan, IReadOnlyList<VerifiedCheckpoint> verified, string approvedBy, EngineOptions options, TimeProvider time, RandomSource random, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(verified);
        ArgumentNullException.ThrowIfNull(options);
        if (!folder.Disk.IsEmpty(folder.Root))
        {
            throw new StorageException($"{folder.Root} is not empty; a data folder is restored to an empty or a new one.", StorageOutcome.NothingChanged);
        }

        if (BackupFolder.Contains(_backup.Root, folder.Root))
        {
            throw new StorageException($"{folder.Root} lies in the backup: nothing but backups is written there.", StorageOutcome.NothingChanged);
        }

        if (Manifest.Logs.FirstOrDefault(log => !verified.Any(checkpoint => checkpoint.Checkpoint.Origin == log.Origin && checkpoint.Head.Size == log.Size)) is { } unverified)
        {
            throw new StorageException($"Log {unverified.Name} was not verified: nothing was restored.", StorageOutcome.NothingChanged);
        }

        FolderSettings settings = NewSettings(plan);
        await PutInPlaceAsync(folder, plan, options, random).ConfigureAwait(false);
        settings = await ReplaceLostReceiptsKeyAsync(folder, settings, options, random).ConfigureAwait(false);
        Dictionary<string, FinishedLog> finished = plan.Decisions.Where(decision => decision.Successor is not null).ToDictionary(
            decision => decision.Log.Name, decision => new FinishedLog(decision.Log.Vkey, LastHead(decision.Log, plan), decision.Successor!), StringComparer.Ordinal);
        LogEngine engine = LogEngine.OpenRestored(folder, settings, options, finished, time, random, loggers);
        List<RestoredLog> restored;
        await using (engine.ConfigureAwait(false))
        {
            Compare(engine, plan);
            await engine.StartRestoredAsync().ConfigureAwait(false);
            await EnterAsync(engine, plan, approvedBy).ConfigureAwait(false);
            restored = [.. engine.Logs.OrderBy(log => log.Settings.Name, StringComparer.Ordinal).Select(log =>
                new RestoredLog(log.Settings.Name, log.Settings.Origin, log.Settings.Vkey, log.HeadAt(log.Size), log.Frozen?.Successor))];
        }

        foreach (string name in finished.Keys)
        {
            // It has signed the last thing it ever will. The backup still has it; the folder that serves does not.
            folder.Disk.Delete(KeyStore.PathOf(folder.KeysFolder, name));
            folder.Disk.Delete(KeyStore.PathOf(folder.KeysFolder, name) + KeyStore.NextExtension);
        }

        folder.Disk.SyncFolder(folder.KeysFolder);

        // Last: a folder without it was never finished, and is refused as such.
        folder.WriteSettings(settings);
        return restored;
    }

    /// <inheritdoc/>
    public void Dispose() => _master.Dispose();

    private static void Compare(BackupFolder backup, BackedUpFile file)
    {
        if (!backup.Disk.Exists(backup.PathOf(file)))
        {
            throw new StorageException($"{file.Path} is missing from the backup.", StorageOutcome.Damaged);
        }

        BackedUpFile found = backup.Measure(backup.PathOf(file));
        if (found != file)
        {
            throw new StorageException($"{file.Path} has {found.Bytes} bytes of SHA-256 {found.Sha256}, not {file.Bytes} of {file.Sha256}: the backup was altered there.", StorageOutcome.Damaged);
        }
    }

    /// <summary>Compares the logs, as rebuilt, with every head that is known and not larger. Nothing has been signed yet.</summary>
    private static void Compare(LogEngine engine, RestorePlan plan)
    {
        foreach (KnownHead head in plan.Known)
        {
            LogReader log = engine.Logs.Single(log => log.Settings.Origin == head.Checkpoint.Checkpoint.Origin);
            TreeHead signed = head.Checkpoint.Head;
            if (signed.Size <= log.Size && log.HeadAt(signed.Size).Root is var root && root != signed.Root)
            {
                throw new StorageException(
                    $"The first {signed.Size} entries of log {log.Settings.Name} in the backup have root {root}, but {signed.Root} was signed for them, as {head.From} shows. One of the two is no true history: keep both, they are evidence.",
                    StorageOutcome.Damaged);
            }
        }
    }

    private FolderSettings NewSettings(RestorePlan plan)
    {
        IReadOnlyList<string> logs = Settings.ConfigurationLogs;
        string? next = plan.Decisions.FirstOrDefault(decision => decision.Log.Name == Settings.SystemLog)?.Successor;
        return next is null ? Settings : Settings with { SystemLogs = [.. logs, next] };
    }

    private LogDecision Decide(BackedUpLog log, KnownHead? signed, bool isComplete, HashSet<string> taken)
    {
        if (log.Frozen)
        {
            return new LogDecision(log, null, null, "finished by an earlier restore");
        }

        if (isComplete && (signed is null || signed.Checkpoint.Head.Size <= log.Entries))
        {
            return new LogDecision(log, signed, null, "goes on: everything known to be signed is there");
        }

        string reason = signed is null || signed.Checkpoint.Head.Size <= log.Entries
            ? "finished: nobody knows what was signed after the backup"
            : string.Create(CultureInfo.InvariantCulture, $"finished: {signed.Checkpoint.Head.Size} entries were signed, {signed.Checkpoint.Head.Size - log.Entries} of them are lost");
        return new LogDecision(log, signed, FreeName(log.Name, taken), reason);
    }

    /// <summary>The next name of a log's line that nobody has used, as far as backup and checkpoint store know.</summary>
    private string FreeName(string log, HashSet<string> taken)
    {
        string line = LogName.LineOf(log);
        int number = LogName.IncarnationOf(log) + 1;
        while (!taken.Add(KeyStore.NameOf(Settings.Host, LogName.Incarnation(line, number))))
        {
            number++;
        }

        return LogName.Incarnation(line, number);
    }

    private IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadStore(string checkpointFolder, List<KnownHead> known)
    {
        if (FileCheckpointStore.IsInUse(_backup.Disk, checkpointFolder))
        {
            throw new StorageException($"A node has the checkpoint store in {checkpointFolder}: what it signs is not lost. Stop it first, and for ever.", StorageOutcome.NothingChanged);
        }

        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> store = FileCheckpointStore.ReadOnly(_backup.Disk, checkpointFolder, out _);
        foreach (BackedUpLog log in Manifest.Logs)
        {
            // Its keys may have been rotated after the backup.
            _keys[log.Origin] = KeysOf(log).With(store.GetValueOrDefault(CheckpointSwap.HandoversOf(log.Origin)).Span);
        }

        foreach (BackedUpLog log in Manifest.Logs.Where(log => !log.Frozen))
        {
            KnownHead head = store.TryGetValue(log.Origin, out ReadOnlyMemory<byte> note)
                ? Verify("the checkpoint store", note)
                : throw new StorageException($"The checkpoint store in {checkpointFolder} has no head of {log.Origin}: it is another node's.", StorageOutcome.Damaged);
            if (head.Checkpoint.Head.Size < log.Size)
            {
                throw new StorageException(
                    $"The checkpoint store in {checkpointFolder} knows {head.Checkpoint.Head.Size} signed entries of log {log.Name}, the backup {log.Size}: it is an old copy, and cannot say what was signed.",
                    StorageOutcome.Damaged);
            }

            known.Add(head);
        }

        return store;
    }

    private KnownHead Verify(string from, ReadOnlyMemory<byte> note)
    {
        string origin = Checkpoint.Parse(SignedNote.Parse(note.Span).Text.Span).Origin;
        BackedUpLog log = Manifest.Logs.FirstOrDefault(log => log.Origin == origin)
            ?? throw new VerificationException($"{from}: the backup has no log {origin}.");
        return new KnownHead(from, KeysOf(log).Verify(note.Span, out _));
    }

    /// <summary>The keys that a log has had, as far as the backup and the checkpoint store know.</summary>
    private KeyChain KeysOf(BackedUpLog log)
    {
        if (!_keys.TryGetValue(log.Origin, out KeyChain? keys))
        {
            _keys.Add(log.Origin, keys = KeyChain.Of(VerifierKey.Parse(log.Vkey), NoteVerifiers.OfLog).With(Encoding.UTF8.GetBytes(log.Handovers ?? "")));
        }

        return keys;
    }

    private async Task PutInPlaceAsync(DataFolder folder, RestorePlan plan, EngineOptions options, RandomSource random)
    {
        Disk disk = folder.Disk;
        disk.CreateFolder(folder.Root);
        folder.WritePlace();
        disk.CreateFolder(folder.LogsFolder);
        disk.WriteWhole(folder.MasterKeyFile, _masterBytes);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (BackedUpFile file in Manifest.Files)
        {
            string name = BackupFolder.TargetOf(Manifest.State, file.Path)!;
            string target = Path.Combine(folder.Root, name);
            if (target == folder.SettingsFile)
            {
                continue;   // It makes the folder a data folder, and is written at the end.
            }

            if (folders.Add(Path.GetDirectoryName(target)!))
            {
                disk.CreateFolder(Path.GetDirectoryName(target)!);
            }

            // Compared again: what was read before may not be what is copied now.
            if (BackupFolder.CopyFile(_backup.Disk, _backup.PathOf(file), disk, target) != (file.Bytes, file.Sha256))
            {
                throw new StorageException($"{file.Path} changed while it was restored; no data folder was made.", StorageOutcome.Damaged);
            }

            if (name.EndsWith(".segment", StringComparison.Ordinal))
            {
                disk.MakeReadOnly(target);
            }
        }

        foreach (string made in folders)
        {
            disk.SyncFolder(made);
        }

        FileJournal.Create(disk, folder.JournalFolder, options.Journal, random);
        if (options.CheckpointFolder is null)
        {
            await NewStoreAsync(folder, plan, KeyStore.NameOf(Settings.Host, KeyStore.ReceiptsName), Manifest.ReceiptsHandovers, random).ConfigureAwait(false);
        }
    }

    /// <summary>Where receipts were handed over after the backup, the key that signed them is lost: another begins, to be pinned anew.</summary>
    private async Task<FolderSettings> ReplaceLostReceiptsKeyAsync(DataFolder folder, FolderSettings settings, EngineOptions options, RandomSource random)
    {
        string name = KeyStore.NameOf(settings.Host, KeyStore.ReceiptsName);
        using FileCheckpointStore store = FileCheckpointStore.Open(folder.Disk, options.CheckpointFolder ?? folder.CheckpointsFolder, folder.QuarantineFolder, random);
        ReadOnlyMemory<byte> recorded = store.Load().GetValueOrDefault(CheckpointSwap.HandoversOf(name));
        if (Encoding.UTF8.GetString(recorded.Span) == (Manifest.ReceiptsHandovers ?? ""))
        {
            return settings;
        }

        folder.Disk.Delete(KeyStore.PathOf(folder.KeysFolder, KeyStore.ReceiptsName));
        folder.Disk.Delete(KeyStore.PathOf(folder.KeysFolder, KeyStore.ReceiptsName) + KeyStore.NextExtension);
        using Ed25519NoteSigner fresh = new KeyStore(folder.Disk, folder.KeysFolder, _master, random).OpenOrCreate(KeyStore.ReceiptsName, name);
        await store.SwapAsync([new CheckpointSwap(CheckpointSwap.HandoversOf(name), recorded, ReadOnlyMemory<byte>.Empty)]).ConfigureAwait(false);
        NewReceiptsVkey = fresh.VerifierKey.ToString();
        return settings with { ReceiptsVkey = NewReceiptsVkey };
    }

    /// <summary>Makes a checkpoint store in place of the lost one, from what the backup knows.</summary>
    private static async Task NewStoreAsync(DataFolder folder, RestorePlan plan, string receiptsName, string? receiptsHandovers, RandomSource random)
    {
        FileCheckpointStore.Create(folder.Disk, folder.CheckpointsFolder, random);
        using FileCheckpointStore store = FileCheckpointStore.Open(folder.Disk, folder.CheckpointsFolder, folder.QuarantineFolder, random);
        IEnumerable<(string Key, string? List)> handovers = [.. plan.Decisions.Select(decision => (decision.Log.Origin, decision.Log.Handovers)), (receiptsName, receiptsHandovers)];
        await store.SwapAsync(
        [
            .. plan.Decisions.Select(decision => new CheckpointSwap(decision.Log.Origin, null, Encoding.UTF8.GetBytes(LastHead(decision.Log, plan)))),
            .. handovers.Where(known => known.List is not null).Select(known => new CheckpointSwap(CheckpointSwap.HandoversOf(known.Key), null, Encoding.UTF8.GetBytes(known.List!))),
        ]).ConfigureAwait(false);
    }

    /// <summary>The largest head known to be signed that the restored entries can make.</summary>
    private static string LastHead(BackedUpLog log, RestorePlan plan) => plan.Known
        .Where(head => head.Checkpoint.Checkpoint.Origin == log.Origin && head.Checkpoint.Head.Size > log.Size && head.Checkpoint.Head.Size <= log.Entries)
        .OrderByDescending(head => head.Checkpoint.Head.Size)
        .Select(head => Encoding.UTF8.GetString(head.Checkpoint.Note.Span))
        .FirstOrDefault(note => note.Length <= MaxNoteCharacters, log.Checkpoint);

    /// <summary>Enters what was done: the configuration's log first, since everything else is entered there.</summary>
    private async Task EnterAsync(LogEngine engine, RestorePlan plan, string approvedBy)
    {
        foreach (LogDecision decision in plan.Decisions.Where(decision => !decision.Log.Frozen).OrderBy(decision => decision.Log.Name == Settings.SystemLog ? 0 : 1))
        {
            void Facts(Utf8JsonWriter data) => WriteFacts(data, decision, plan, approvedBy);
            await (decision.Successor is null
                ? engine.EnterRestoredAsync(decision.Log.Name, Facts)
                : engine.BeginIncarnationAsync(decision.Log.Name, Facts)).ConfigureAwait(false);
        }
    }

    private void WriteFacts(Utf8JsonWriter data, LogDecision decision, RestorePlan plan, string approvedBy)
    {
        if (decision.Signed is { } signed)
        {
            TreeHead head = signed.Checkpoint.Head;
            data.WriteStartObject("signed");
            data.WriteNumber("size", head.Size);
            data.WriteString("root", head.Root.ToBase64());
            data.WriteString("from", signed.From);
            if (Encoding.UTF8.GetString(signed.Checkpoint.Note.Span) is { Length: <= MaxNoteCharacters } note)
            {
                data.WriteString("checkpoint", note);
            }

            data.WriteEndObject();
            if (head.Size > decision.Log.Entries)
            {
                data.WriteStartObject("gap");
                data.WriteNumber("first", decision.Log.Entries);
                data.WriteNumber("entries", head.Size - decision.Log.Entries);
                data.WriteEndObject();
            }
        }

        data.WriteStartArray("asked");
        foreach (string asked in plan.Asked)
        {
            data.WriteStringValue(asked);
        }

        data.WriteEndArray();
        data.WriteStartObject("backup");
        data.WriteString("sha256", Manifest.Digest);
        data.WriteString("time", Manifest.Time);
        data.WriteEndObject();
        data.WriteString("reason", decision.Reason);
        data.WriteString("approved_by", approvedBy);
    }
}
