using System.Text;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Reading;
using Indelible.Engine.Sealing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Indelible.Tiles;

namespace Indelible.Engine.Backup;

/// <summary>A backup in the making: everything is copied, nothing is verified yet, and the backup before is still the one that counts.</summary>
/// <remarks>
/// <para>
/// Made beside a running node: nothing in the data folder is changed and no lock of it is taken. Entries move from the journal to tail
/// files and on to segments meanwhile, so the places are read in that order, after the signed heads: what a head speaks of
/// is on disk by then, and so is everything acknowledged before. The vault and the keys come last, because a person's data key is
/// durable before the entry that needs it.
/// </para>
/// <para>
/// Journal and tail files are not copied as they are, since the two overlap and are written to: their entries are, into tail
/// files of the backup's own. A restored folder begins with an empty journal.
/// </para>
/// <para>
/// <see cref="Complete"/> takes a verified checkpoint for each log, so that a backup that was not verified cannot become one.
/// </para>
/// </remarks>
public sealed class FolderBackup : IDisposable
{
    private const int Attempts = 8;
    private const int SegmentTrailerHashBytes = 32;
    private const int SmallFileBytes = 1 << 20;
    private const long MaxTornBytes = 2_000_000_000;

    private readonly DataFolder _source;
    private readonly BackupFolder _target;
    private readonly FolderSettings _settings;
    private readonly MasterKey _master;
    private readonly IDisposable _lock;
    private readonly BackupManifest? _previous;
    private readonly HashSet<string> _shared = new(StringComparer.Ordinal);   // paths of the segments that belong to this backup

    private FolderBackup(DataFolder source, BackupFolder target, FolderSettings settings, MasterKey master, BackupManifest? previous, IDisposable held, string time)
    {
        _source = source;
        _target = target;
        _settings = settings;
        _master = master;
        _previous = previous;
        _lock = held;
        Staged = new BackupManifest(
            BackupManifest.CurrentFormat, settings.Host, time, BackupFolder.StateOf(previous is null ? 1 : BackupFolder.NumberOf(previous.State) + 1), [], []);
    }

    /// <summary>What has been copied; not on disk yet, and without its list of files.</summary>
    public BackupManifest Staged { get; private set; }

    /// <summary>How many segments were copied, the others being there already.</summary>
    public int SegmentsCopied { get; private set; }

    private DataFolder State => _target.AsDataFolder(Staged.State);

    private string StateFolder => Path.Combine(_target.Root, Staged.State);

    /// <summary>Copies a data folder.</summary>
    /// <param name="source">The folder; a node may be running on it.</param>
    /// <param name="target">A folder that is new, empty, or holds an earlier backup of the same data folder.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Draws file ids and nonces.</param>
    /// <param name="masterKey">The master key, where it is not in the folder.</param>
    /// <exception cref="StorageException">Something is damaged, or contradicts the backup before. That one is as it was.</exception>
    public static FolderBackup Copy(DataFolder source, BackupFolder target, string? checkpointFolder, TimeProvider time, RandomSource random, ReadOnlyMemory<byte>? masterKey = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(time);
        FolderSettings settings = source.ReadSettings();
        if (BackupFolder.Contains(source.Root, target.Root) || BackupFolder.Contains(target.Root, source.Root) || (checkpointFolder is not null && BackupFolder.Contains(Path.GetFullPath(checkpointFolder), target.Root)))
        {
            throw new StorageException($"{target.Root} and {source.Root} lie in each other: a backup is made somewhere else.", StorageOutcome.NothingChanged);
        }

        string begun = Instant.Format(time.GetUtcNow());
        if (!target.Disk.IsEmpty(target.Root) && !target.Disk.Exists(target.ManifestFile) && !target.Disk.Exists(target.LockFile))
        {
            throw new StorageException($"{target.Root} is not empty, and no backup was ever made there.", StorageOutcome.NothingChanged);
        }

        target.Disk.CreateFolder(target.Root);
        IDisposable held = target.Disk.Take(target.LockFile, $"Another backup to {target.Root} is being made.");
        MasterKey? master = null;
        try
        {
            master = masterKey is { } given
                ? MasterKey.Take(given.Span, source.Disk, source.MasterKeyFile, random)
                : MasterKey.Open(source.Disk, source.MasterKeyFile, random);
            BackupManifest? previous = target.TryReadManifest();
            previous?.VerifySeal(master, target.ManifestFile);
            var backup = new FolderBackup(source, target, settings, master, previous, held, begun);
            backup.CopyAll(checkpointFolder, random);
            return backup;
        }
        catch
        {
            master?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Finds the pieces of a log in the copy, to verify it.</summary>
    public FolderLog OpenLog(BackedUpLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return _target.OpenLog(Staged, log.Name, log.Origin, _shared);
    }

    /// <summary>Makes the copy the backup, in one step, and takes away what only the one before needed.</summary>
    /// <param name="verified">For each log the checkpoint that all its entries in the copy were compared with.</param>
    /// <returns>The manifest as written.</returns>
    /// <exception cref="StorageException">A log was not verified, or a key or the vault cannot be opened: the backup before is as it was.</exception>
    public BackupManifest Complete(IReadOnlyList<VerifiedCheckpoint> verified)
    {
        ArgumentNullException.ThrowIfNull(verified);
        foreach (BackedUpLog log in Staged.Logs)
        {
            if (!verified.Any(checkpoint => checkpoint.Checkpoint.Origin == log.Origin && checkpoint.Head.Size == log.Size && checkpoint.Head.Root.ToBase64() == log.Root))
            {
                throw new StorageException($"Log {log.Name} was not verified: there is no new backup.", StorageOutcome.NothingChanged);
            }
        }

        CheckSecrets();
        string[] paths = [.. _target.Disk.FilesBelow(StateFolder), .. _shared];
        BackupManifest complete = Staged with { Files = [.. paths.Order(StringComparer.Ordinal).Select(_target.Measure)] };
        byte[] bytes = complete.ToBytes(_master);
        if (bytes.Length > BackupManifest.MaxBytes)
        {
            throw new StorageException($"The manifest has {bytes.Length} bytes, more than the {BackupManifest.MaxBytes} it can have.", StorageOutcome.NothingChanged);
        }

        // The point of no return: from here on this is the backup. Everything it names has been synced.
        _target.Disk.WriteWhole(_target.ManifestFile, bytes);
        RemoveOtherStates();
        return BackupManifest.Parse(bytes, _target.ManifestFile);
    }

    /// <summary>Copies the master key to a place of its own.</summary>
    /// <param name="path">A new file, not in the backup: whoever has both can sign as the logs and read all personal data.</param>
    /// <exception cref="StorageException">It is in the backup, or there is another file.</exception>
    public void CopyMasterKey(string path)
    {
        string full = Path.GetFullPath(path);
        if (BackupFolder.Contains(_target.Root, full))
        {
            throw new StorageException($"{full} is in the backup, where the master key must not be: it opens every other key in there.", StorageOutcome.NothingChanged);
        }

        if (!_source.Disk.Exists(_source.MasterKeyFile))
        {
            throw new StorageException("The master key is not in the folder: whoever keeps it elsewhere has it there.", StorageOutcome.NothingChanged);
        }

        byte[] key = _source.Disk.ReadWhole(_source.MasterKeyFile, SmallFileBytes);
        if (!_target.Disk.Exists(full))
        {
            _target.Disk.WriteWhole(full, key);
        }
        else if (!_target.Disk.ReadWhole(full, SmallFileBytes).AsSpan().SequenceEqual(key))
        {
            throw new StorageException($"There is another file {full} already; it was left as it is.", StorageOutcome.NothingChanged);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _master.Dispose();
        _lock.Dispose();
    }

    private void CopyAll(string? checkpointFolder, RandomSource random)
    {
        CheckSameFolder();
        RemoveOtherStates();
        for (int attempt = 1; ; attempt++)
        {
            string? missing;
            try
            {
                missing = TryCopy(checkpointFolder ?? _source.CheckpointsFolder, random);
            }
            catch (Exception e) when (attempt < Attempts && _source.IsInUse && e is FileNotFoundException or StorageException { Outcome: StorageOutcome.Damaged })
            {
                continue;   // A node is moving entries about. What is really damaged is so every time.
            }

            if (missing is null)
            {
                CheckNotSetBack();
                return;
            }

            // A log was made after the heads were read, or the checkpoint store is not this folder's.
            if (attempt == Attempts || !_source.IsInUse)
            {
                throw new StorageException($"The checkpoint store has no head of {missing}: it is not this folder's, or was emptied.", StorageOutcome.Damaged);
            }
        }
    }

    /// <summary>One pass over everything, in the order that misses nothing.</summary>
    /// <returns>The origin of a log that the heads read before say nothing of; null when everything was copied.</returns>
    private string? TryCopy(string checkpointFolder, RandomSource random)
    {
        _target.Disk.DeleteFolder(StateFolder);
        _shared.Clear();
        Staged = Staged with { Logs = [] };
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> heads = FileCheckpointStore.ReadOnly(_source.Disk, checkpointFolder, out _);
        JournalEntries journal = JournalEntries.Read(_source);
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> meanwhile = FileCheckpointStore.ReadOnly(_source.Disk, checkpointFolder, out _);
        _target.Disk.CreateFolder(StateFolder);
        _target.Disk.CreateFolder(State.LogsFolder);
        CopySmall(_source.SettingsFile, State.SettingsFile);
        using var tails = new FileTailStore(_target.Disk, State.LogsFolder, random);
        SystemState system = SystemState.Empty;
        foreach (string name in _settings.ConfigurationLogs)
        {
            CopyLog(name, journal, tails);
            system = Fold(system, name);
        }

        foreach (string name in system.Logs.Keys)
        {
            CopyLog(name, journal, tails);
        }

        var logs = new List<BackedUpLog>();
        foreach (string name in (IEnumerable<string>)[.. _settings.ConfigurationLogs, .. system.Logs.Keys.Order(StringComparer.Ordinal)])
        {
            string origin = KeyStore.NameOf(_settings.Host, name);
            FrozenLog? frozen = system.Frozen.GetValueOrDefault(name);
            if (frozen is null && !heads.ContainsKey(origin))
            {
                return origin;
            }

            string vkey = frozen?.Vkey ?? (_settings.SystemLog == name ? system.Vkey! : system.Logs[name].Vkey);
            ReadOnlyMemory<byte> handovers = meanwhile.GetValueOrDefault(CheckpointSwap.HandoversOf(origin));
            logs.Add(frozen is null
                ? Describe(name, origin, vkey, heads[origin], meanwhile[origin], handovers, isFrozen: false)
                : Describe(name, origin, vkey, Encoding.UTF8.GetBytes(frozen.Checkpoint), null, handovers, isFrozen: true));
        }

        CopyRest();
        ReadOnlyMemory<byte> receipts = meanwhile.GetValueOrDefault(CheckpointSwap.HandoversOf(KeyStore.NameOf(_settings.Host, KeyStore.ReceiptsName)));
        Staged = Staged with { Logs = logs, ReceiptsHandovers = receipts.IsEmpty ? null : Encoding.UTF8.GetString(receipts.Span) };

        // A key that was handed over meanwhile is another than the one that signed the heads: then all is read again.
        CheckSigningKeys();
        return null;
    }

    /// <summary>Says what the copy holds of a log.</summary>
    /// <param name="name">The log's name.</param>
    /// <param name="origin">Its origin.</param>
    /// <param name="vkey">Its first key; of a finished log, the last.</param>
    /// <param name="before">The head recorded before anything was read: the copy must hold all of it.</param>
    /// <param name="meanwhile">The head recorded when the journal had been read: taken where the copy happens to hold all of it, so that less lies under no head.</param>
    /// <param name="handovers">The handovers recorded when the journal had been read. The copy must hold the last of them: below it the key in the copy signs nothing.</param>
    /// <param name="isFrozen">Whether an earlier restore has finished it.</param>
    private BackedUpLog Describe(
        string name, string origin, string vkey, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte>? meanwhile, ReadOnlyMemory<byte> handovers, bool isFrozen)
    {
        KeyChain keys;
        VerifiedCheckpoint checkpoint;
        VerifiedCheckpoint later;
        try
        {
            keys = KeyChain.Of(VerifierKey.Parse(vkey), NoteVerifiers.OfLog).With(handovers.Span);
            checkpoint = keys.Verify(before.Span, out _);
            later = meanwhile is { } note ? keys.Verify(note.Span, out _) : checkpoint;
            if (!isFrozen && keys.Handovers.Count > 0 && keys.Handovers[^1].Head.Size > checkpoint.Head.Size)
            {
                checkpoint = keys.Verify(keys.Handovers[^1].Proof.Checkpoint.Span, out _);
            }
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            throw new StorageException($"The recorded checkpoint of {origin} is none of its key's: {e.Message}", StorageOutcome.Damaged, e);
        }

        using FolderLog copy = _target.OpenLog(Staged, name, origin, _shared);
        checkpoint = later.Head.Size <= copy.Size ? later : checkpoint;
        return copy.Size >= checkpoint.Head.Size
            ? new BackedUpLog(
                name, origin, isFrozen ? vkey : keys.Current.ToString(), checkpoint.Head.Size, checkpoint.Head.Root.ToBase64(), Encoding.UTF8.GetString(checkpoint.Note.Span), copy.Size, isFrozen)
            {
                Handovers = handovers.IsEmpty ? null : Encoding.UTF8.GetString(handovers.Span),
            }
            : throw new StorageException(
                $"Of log {name} {copy.Size} entries could be read, but {checkpoint.Head.Size} were signed.{copy.Reasons()}", StorageOutcome.Damaged);
    }

    private SystemState Fold(SystemState state, string name)
    {
        using FolderLog copy = _target.OpenLog(Staged, name, KeyStore.NameOf(_settings.Host, name), _shared);
        foreach (BundleId bundle in TileLayout.Bundles(copy.Size))
        {
            foreach (ReadOnlyMemory<byte> entry in copy.ReadBundle(bundle))
            {
                state = SystemFold.Apply(state, state.Size, entry);
            }
        }

        return state;
    }

    /// <summary>Copies a log: tail files are read before segments, the journal was read before both.</summary>
    private void CopyLog(string name, JournalEntries journal, FileTailStore tails)
    {
        var loose = new Dictionary<long, ReadOnlyMemory<byte>>(journal.Of(name));
        foreach (string path in FileTailStore.PathsOf(_source.Disk, _source.LogsFolder, name))
        {
            try
            {
                foreach (TailEntry entry in FileTailStore.ReadOnly(_source.Disk, path, out _))
                {
                    if (loose.TryGetValue(entry.Index, out ReadOnlyMemory<byte> known) && !known.Span.SequenceEqual(entry.Entry.Span))
                    {
                        throw new StorageException($"Entry {entry.Index} of log {name} is one in the journal and another in {_source.NameOf(path)}.", StorageOutcome.Damaged);
                    }

                    loose[entry.Index] = entry.Entry;
                }
            }
            catch (FileNotFoundException)
            {
                // Its entries were sealed a moment ago: the segment is found below.
            }
        }

        long sealedSize = 0;
        var store = new FileSegmentStore(_source.Disk, _source.LogsFolder);
        foreach (long first in store.List(name))
        {
            CopySegment(name, first, store.PathOf(name, first));
            sealedSize = first + _settings.SegmentSize;
        }

        var entries = new List<ReadOnlyMemory<byte>>();
        while (loose.TryGetValue(sealedSize + entries.Count, out ReadOnlyMemory<byte> entry))
        {
            entries.Add(entry);
        }

        if (loose.Keys.DefaultIfEmpty(-1).Max() is var last && last >= sealedSize + entries.Count)
        {
            throw new StorageException($"Entry {sealedSize + entries.Count} of log {name} is in no segment, tail file or journal file, but entry {last} is.", StorageOutcome.Damaged);
        }

        if (entries.Count > 0)
        {
            tails.Append(name, sealedSize, entries);
        }
    }

    /// <summary>Copies a segment, unless the backup has it: the hash that it ends in covers all of it.</summary>
    private void CopySegment(string name, long first, string source)
    {
        string target = new FileSegmentStore(_target.Disk, _target.LogsFolder).PathOf(name, first);
        _shared.Add(target);
        if (_target.Disk.Exists(target) && FaultOf(target, name, first) is null)
        {
            if (HashAtEnd(_source.Disk, source).AsSpan().SequenceEqual(HashAtEnd(_target.Disk, target)))
            {
                return;
            }

            throw new StorageException(
                $"{_source.NameOf(source)} is not what the backup has of it, and segments never change. The backup was left as it is: it may hold the true one.", StorageOutcome.NothingChanged);
        }

        string temporary = target + ".new";
        _target.Disk.CreateFolder(Path.GetDirectoryName(target)!);
        _target.Disk.Delete(temporary);
        BackupFolder.CopyFile(_source.Disk, source, _target.Disk, temporary);
        if (FaultOf(temporary, name, first) is { } fault)
        {
            _target.Disk.Delete(temporary);
            throw new StorageException($"{_source.NameOf(source)} is damaged: {fault.Message}", StorageOutcome.Damaged, fault);
        }

        _target.Disk.MakeReadOnly(temporary);
        _target.Disk.Replace(temporary, target);
        SegmentsCopied++;
    }

    /// <summary>What is wrong with a segment of the backup; null where nothing is.</summary>
    private StorageException? FaultOf(string path, string name, long first)
    {
        try
        {
            using SegmentReader segment = SegmentReader.Open(FileSegmentStore.OpenFile(_target.Disk, path), KeyStore.NameOf(_settings.Host, name), name, first);
            segment.VerifyFileHash();
            return null;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return e;
        }
    }

    private static byte[] HashAtEnd(Disk disk, string path)
    {
        using DiskFile file = disk.Open(path, writable: false);
        byte[] hash = new byte[sizeof(long) + SegmentTrailerHashBytes];
        BitConverter.TryWriteBytes(hash, file.Length);
        file.ReadExactly(Math.Max(0, file.Length - SegmentTrailerHashBytes), hash.AsSpan(sizeof(long)));
        return hash;
    }

    /// <summary>Keys, vault and quarantine: after the entries, which may need them.</summary>
    private void CopyRest()
    {
        _target.Disk.CreateFolder(State.KeysFolder);
        foreach (string key in _source.Disk.Files(_source.KeysFolder).Where(path => path.EndsWith(KeyStore.Extension, StringComparison.Ordinal) || path.EndsWith(KeyStore.Extension + KeyStore.NextExtension, StringComparison.Ordinal)))
        {
            CopySmall(key, Path.Combine(State.KeysFolder, Path.GetFileName(key)));
        }

        string[] torn = [.. _source.Disk.Files(_source.QuarantineFolder).Where(path => path.EndsWith(".torn", StringComparison.Ordinal))];
        if (torn.Length > 0)
        {
            _target.Disk.CreateFolder(State.QuarantineFolder);
            foreach (string path in torn)
            {
                _target.Disk.WriteWhole(Path.Combine(State.QuarantineFolder, Path.GetFileName(path)), _source.Disk.ReadWhole(path, MaxTornBytes));
            }
        }

        Vault.CopyTo(_source.VaultFile, State.VaultFile, isInUse: _source.IsInUse);
        using (DiskFile vault = _target.Disk.Open(State.VaultFile, writable: true))
        {
            vault.Sync();
        }

        _target.Disk.SyncFolder(StateFolder);
    }

    private void CopySmall(string source, string target) => _target.Disk.WriteWhole(target, _source.Disk.ReadWhole(source, SmallFileBytes));

    /// <summary>A backup whose keys do not open is none.</summary>
    private void CheckSecrets()
    {
        CheckSigningKeys();
        if (VaultCheck.Run(State.VaultFile, _master, out _) is [var fault, ..])
        {
            throw new StorageException($"The copy of the vault is damaged: {fault}", StorageOutcome.Damaged);
        }
    }

    private void CheckSigningKeys()
    {
        var keys = new KeyStore(_target.Disk, State.KeysFolder, _master, RandomSource.System);
        CheckKey(keys, KeyStore.ReceiptsName, ReceiptsVkeyOf(_settings, Staged));
        foreach (BackedUpLog log in Staged.Logs.Where(log => !log.Frozen))
        {
            CheckKey(keys, log.Name, log.Vkey);
        }
    }

    /// <summary>The key of receipts that a backup's handovers lead to.</summary>
    internal static string ReceiptsVkeyOf(FolderSettings settings, BackupManifest manifest)
    {
        try
        {
            return ReceiptsKeys.Of(VerifierKey.Parse(settings.ReceiptsVkey), NoteVerifiers.OfLog).With(Encoding.UTF8.GetBytes(manifest.ReceiptsHandovers ?? "")).Current.ToString();
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            throw new StorageException($"The handovers of receipts are damaged: {e.Message}", StorageOutcome.Damaged, e);
        }
    }

    private void CheckKey(KeyStore keys, string name, string expected)
    {
        string keyName = KeyStore.NameOf(_settings.Host, name);
        using Ed25519NoteSigner? next = keys.PeekNext(name, keyName);
        if (next?.VerifierKey.ToString() == expected)
        {
            return;   // Handed over, and the old key not destroyed yet: the start of a node does it.
        }

        using Ed25519NoteSigner signer = keys.Open(name, keyName);
        if (signer.VerifierKey.ToString() != expected)
        {
            throw new StorageException($"keys/{name}.key holds the key {signer.VerifierKey}, not {expected}.", StorageOutcome.Damaged);
        }
    }

    private void CheckSameFolder()
    {
        if (_previous is null)
        {
            return;
        }

        FolderSettings before = _target.AsDataFolder(_previous.State).ReadSettings();
        if (before.IdSeed != _settings.IdSeed || before.Host != _settings.Host)
        {
            throw new StorageException($"{_target.Root} is a backup of another data folder (of host {before.Host}); it was left as it is.", StorageOutcome.NothingChanged);
        }
    }

    /// <summary>A folder that was set back must not take the place of a backup that knows more.</summary>
    private void CheckNotSetBack()
    {
        foreach (BackedUpLog before in _previous?.Logs ?? [])
        {
            if (Staged.Logs.FirstOrDefault(log => log.Name == before.Name) is not { } now || now.Entries < before.Size)
            {
                throw new StorageException(
                    $"The last backup holds {before.Size} signed entries of log {before.Name}, more than the data folder does: the folder was set back. The backup was left as it is; make this one elsewhere.",
                    StorageOutcome.NothingChanged);
            }
        }
    }

    private void RemoveOtherStates()
    {
        string current = _target.TryReadManifest()?.State ?? "";
        foreach (string folder in _target.Disk.Folders(_target.StatesFolder).Where(folder => folder != Path.Combine(_target.Root, current)))
        {
            _target.Disk.DeleteFolder(folder);
        }
    }
}
