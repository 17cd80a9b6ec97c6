using System.Globalization;
using System.Security.Cryptography;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;

namespace Indelible.Engine.Backup;

/// <summary>The layout of a backup.</summary>
/// <remarks>
/// <code>
/// indelible-backup.json                      BackupManifest; written last: a backup is what it names, and nothing else
/// backup.lock                                held while a backup is made
/// logs/NAME/segments/FIRSTINDEX.segment      shared by all backups made here: segments never change
/// state/NUMBER/                              of one backup: indelible.json, keys/, vault.db, quarantine/,
///                                            logs/NAME/tail/FIRSTINDEX.tail (what was in journal and tail files)
/// </code>
/// A run writes into a state folder of its own, so that one that is aborted leaves the one before as it was.
/// </remarks>
public sealed class BackupFolder
{
    private const string StatePrefix = "state/";
    private const string LogsPrefix = "logs/";
    private const int CopyBytes = 1 << 20;

    /// <summary>Names the parts of the backup at <paramref name="path"/>; touches nothing.</summary>
    public BackupFolder(string path)
    {
        Root = Path.GetFullPath(path);
    }

    /// <summary>The folder itself.</summary>
    public string Root { get; }

    internal Disk Disk { get; init; } = Disk.System;

    internal string ManifestFile => Path.Combine(Root, "indelible-backup.json");

    internal string LockFile => Path.Combine(Root, "backup.lock");

    internal string LogsFolder => Path.Combine(Root, "logs");

    internal string StatesFolder => Path.Combine(Root, "state");

    /// <summary>Reads what the backup is, as far as it says so itself.</summary>
    /// <exception cref="StorageException">There is no complete backup here, or its manifest was altered.</exception>
    public BackupManifest ReadManifest() => TryReadManifest() ?? throw new StorageException(
        $"{Root} holds no complete backup: there is no {Path.GetFileName(ManifestFile)}.", StorageOutcome.NothingChanged);

    /// <summary>Finds the pieces of a log of this backup, to read or verify it.</summary>
    /// <param name="manifest">The backup's manifest.</param>
    /// <param name="log">One of its logs.</param>
    /// <exception cref="StorageException">The settings cannot be read.</exception>
    public FolderLog OpenLog(BackupManifest manifest, BackedUpLog log)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(log);
        return OpenLog(manifest, log.Name, log.Origin, [.. manifest.Files.Select(PathOf)]);
    }

    /// <summary>As <see cref="OpenLog(BackupManifest, BackedUpLog)"/>, with the segments that belong to the backup: a run that was broken off may have left others.</summary>
    internal FolderLog OpenLog(BackupManifest manifest, string name, string origin, HashSet<string> files) =>
        FolderLog.Open(AsDataFolder(manifest.State), name, origin, files.Contains);

    /// <summary>Whether a path is a folder or lies in it.</summary>
    internal static bool Contains(string folder, string path) =>
        (path + Path.DirectorySeparatorChar).StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The path of a state folder, as manifests name it.</summary>
    internal static string StateOf(long number) => StatePrefix + number.ToString("D16", CultureInfo.InvariantCulture);

    internal static bool IsState(string state) =>
        state.StartsWith(StatePrefix, StringComparison.Ordinal) && long.TryParse(state.AsSpan(StatePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && StateOf(number) == state;

    internal static long NumberOf(string state) => long.Parse(state.AsSpan(StatePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Where a file of a backup belongs in a data folder; null where no backup has such a file.</summary>
    internal static string? TargetOf(string state, string path)
    {
        string target = path.StartsWith(state + "/", StringComparison.Ordinal) ? path[(state.Length + 1)..] : path.StartsWith(LogsPrefix, StringComparison.Ordinal) ? path : "";
        string[] steps = target.Split('/');
        return DataFolder.IsOwn(target) && !IsLeftOut(target) && !steps.Contains("..") && !IsIndex(steps) && !target.EndsWith(".new", StringComparison.Ordinal) ? target : null;
    }

    /// <summary>Whether this is in no backup because it is of the node and not of its logs: certificates, what waits to be told, how far streams have come, when keys were used.</summary>
    private static bool IsLeftOut(string target) =>
        target is "last-uses.json" || target.StartsWith("tls/", StringComparison.Ordinal) || target.StartsWith("notify.db", StringComparison.Ordinal) || target.StartsWith(DataFolder.StreamsFolderName + "/", StringComparison.Ordinal);

    /// <summary>Whether this is an index file: in no backup, because it is made anew, and what it says is proven by nothing.</summary>
    private static bool IsIndex(string[] steps) => steps.Length == 4 && steps[2] == IndexFiles.FolderName;

    /// <summary>The backup as far as it is laid out like a data folder: without journal, checkpoint store and master key.</summary>
    internal DataFolder AsDataFolder(string state) => new(Path.Combine(Root, state)) { Disk = Disk, SegmentsFolder = LogsFolder };

    internal BackupManifest? TryReadManifest() => Disk.Exists(ManifestFile) ? BackupManifest.Parse(Disk.ReadWhole(ManifestFile, BackupManifest.MaxBytes), ManifestFile) : null;

    internal string PathOf(BackedUpFile file) => Path.Combine(Root, file.Path);

    /// <summary>Measures a file as it is named in a manifest.</summary>
    internal BackedUpFile Measure(string path)
    {
        using DiskFile file = Disk.Open(path, writable: false);
        (long bytes, string sha256) = Copy(file, null);
        return new BackedUpFile(Path.GetRelativePath(Root, path).Replace('\\', '/'), bytes, sha256);
    }

    /// <summary>Copies a file to a new one that only its owner may read; synced, its name not yet.</summary>
    internal static (long Bytes, string Sha256) CopyFile(Disk from, string source, Disk to, string target)
    {
        using DiskFile read = from.Open(source, writable: false);
        using DiskFile written = to.Create(target);
        (long, string) copied = Copy(read, written);
        written.Sync();
        return copied;
    }

    private static (long Bytes, string Sha256) Copy(DiskFile from, DiskFile? to)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[CopyBytes];
        long at = 0;
        int read;
        while ((read = from.Read(at, buffer)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            to?.Write(at, buffer.AsSpan(0, read));
            at += read;
        }

        return (at, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
