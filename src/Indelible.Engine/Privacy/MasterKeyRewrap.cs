using System.Security.Cryptography;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Microsoft.Data.Sqlite;

namespace Indelible.Engine.Privacy;

/// <summary>Exchanges a data folder's master key: every signing key and every person's data key is wrapped anew, and the old master key destroyed.</summary>
/// <remarks>
/// <para>At every moment one of the two master keys opens everything. The order:</para>
/// <list type="number">
/// <item>The personal indexes, encrypted under a key that the old one gives, are deleted: the next node makes them anew.</item>
/// <item><c>master.key.next</c> is made. While it is there, the old key counts, and everything that was wrapped for the new one is thrown away by whoever comes next.</item>
/// <item>Beside each wrapped file its like is made under the new key, with <c>.rewrapped</c> behind its name; the vault is copied and each of its keys exchanged in the copy.</item>
/// <item>All of it is opened under the new key, once.</item>
/// <item><c>master.key.next</c> takes the name <c>master.key</c>: <b>the point of no return</b>, in one step. From here on the new key counts.</item>
/// <item>The old key's bytes, held open, are overwritten.</item>
/// <item>Each file that was made takes its original's place. Broken off, <see cref="Finish"/> goes on.</item>
/// </list>
/// <para>No node runs meanwhile: the folder's lock is held.</para>
/// </remarks>
public sealed class MasterKeyRewrap
{
    /// <summary>How a file ends that waits to take its original's place.</summary>
    internal const string Extension = ".rewrapped";

    private const int KeyBytes = 32;
    private const int MaxFileBytes = 1024;
    private readonly DataFolder _folder;
    private readonly FolderSettings _settings;
    private readonly RandomSource _random;

    internal MasterKeyRewrap(DataFolder folder, RandomSource random)
    {
        _folder = folder;
        _settings = folder.ReadSettings();
        _random = random;
    }

    /// <summary>How many signing keys were wrapped anew.</summary>
    public int SigningKeys { get; private set; }

    /// <summary>How many persons' data keys were wrapped anew.</summary>
    public long DataKeys { get; private set; }

    private Disk Disk => _folder.Disk;

    /// <summary>Exchanges the master key of a folder that no node runs on.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="random">Draws the key and nonces.</param>
    /// <exception cref="StorageException">The folder is in use, or a key does not open: nothing was changed. Or a step failed: doing it again, or starting the node, finishes or undoes it.</exception>
    public static MasterKeyRewrap Run(DataFolder folder, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(random);
        var rewrap = new MasterKeyRewrap(folder, random);
        using IDisposable held = folder.Lock();
        foreach (string _ in rewrap.Steps())
        {
            // Each step is done when its name comes.
        }

        return rewrap;
    }

    /// <summary>Finishes a rewrap that was broken off behind its point of no return, or undoes one that did not come so far. The folder is locked.</summary>
    internal static void Finish(DataFolder folder)
    {
        string[] waiting = Waiting(folder);
        if (folder.Disk.Exists(folder.NextMasterKeyFile))
        {
            foreach (string path in waiting)
            {
                DiskOf(folder, path).Delete(path);
            }

            SyncFolders(folder, waiting);
            folder.Disk.Delete(folder.NextMasterKeyFile);
            folder.Disk.SyncFolder(folder.Root);
            return;
        }

        foreach (string path in waiting)
        {
            DiskOf(folder, path).Replace(path, path[..^Extension.Length]);
        }
    }

    /// <summary>Whether a rewrap was broken off.</summary>
    internal static bool IsUnfinished(DataFolder folder) => folder.Disk.Exists(folder.NextMasterKeyFile) || Waiting(folder).Length > 0;

    /// <summary>The steps, each done when its name comes: whoever stops between two leaves what a crash there would.</summary>
    internal IEnumerable<string> Steps()
    {
        Finish(_folder);
        using MasterKey old = MasterKey.Open(Disk, _folder.MasterKeyFile, _random);
        string[] files = [.. Disk.Files(_folder.KeysFolder).Where(IsKey)];
        foreach (string path in files)
        {
            CryptographicOperations.ZeroMemory(Unwrap(old, path, path));
        }

        // Opened and closed once, so that nothing waits in its log: that must not be found beside another file.
        Vault.Open(_folder.VaultFile, old, _random).Dispose();
        RequireSound(_folder.VaultFile, old);
        yield return "everything opens under the old key";

        DeletePersonalIndexes();
        yield return "what the old key hid of personal values is deleted";

        Disk.Delete(_folder.NextMasterKeyFile);
        using MasterKey next = MasterKey.Create(Disk, _folder.NextMasterKeyFile, _random);
        yield return "the new key is made";

        foreach (string path in files)
        {
            byte[] seed = Unwrap(old, path, path);
            Disk.WriteWhole(path + Extension, next.Wrap(seed, ContextOf(path)));
            CryptographicOperations.ZeroMemory(seed);
            yield return $"{_folder.NameOf(path)} is wrapped";
        }

        string vault = _folder.VaultFile + Extension;
        Disk.System.Delete(vault);
        Vault.CopyTo(_folder.VaultFile, vault, isInUse: false);
        yield return "the vault is copied";

        RewrapVault(vault, old, next);
        yield return "the vault is wrapped";

        foreach (string path in files)
        {
            CryptographicOperations.ZeroMemory(Unwrap(next, path + Extension, path));
        }

        DataKeys = RequireSound(vault, next);
        SigningKeys = files.Length;
        Disk.System.SyncFolder(Path.GetDirectoryName(vault)!);
        yield return "everything opens under the new key";

        using (DiskFile destroyed = Disk.Open(_folder.MasterKeyFile, writable: true))
        {
            // The point of no return: whatever happens now, the new key counts, and everything opens under it.
            Disk.Replace(_folder.NextMasterKeyFile, _folder.MasterKeyFile);
            yield return "the new key has its name";

            destroyed.Write(0, new byte[KeyBytes]);
            destroyed.Sync();
        }

        yield return "the old key is overwritten";

        foreach (string path in Waiting(_folder))
        {
            DiskOf(_folder, path).Replace(path, path[..^Extension.Length]);
            yield return $"{Path.GetFileName(path)} is in its place";
        }
    }

    private void DeletePersonalIndexes()
    {
        string[] files = [.. Disk.FilesBelow(_folder.LogsFolder).Where(IndexFiles.IsPersonal)];
        foreach (string path in files)
        {
            Disk.Delete(path);
        }

        SyncFolders(_folder, files);
    }

    private static string[] Waiting(DataFolder folder) =>
    [
        .. folder.Disk.Files(folder.KeysFolder).Where(path => path.EndsWith(Extension, StringComparison.Ordinal)),
        .. Disk.System.Exists(folder.VaultFile + Extension) ? (string[])[folder.VaultFile + Extension] : [],
    ];

    private static bool IsKey(string path) =>
        path.EndsWith(KeyStore.Extension, StringComparison.Ordinal) || path.EndsWith(KeyStore.Extension + KeyStore.NextExtension, StringComparison.Ordinal);

    /// <summary>The vault is always a file of the operating system's.</summary>
    private static Disk DiskOf(DataFolder folder, string path) => path.StartsWith(folder.VaultFile, StringComparison.Ordinal) ? Disk.System : folder.Disk;

    private static void SyncFolders(DataFolder folder, string[] paths)
    {
        foreach (string path in paths)
        {
            DiskOf(folder, path).SyncFolder(Path.GetDirectoryName(path)!);
        }
    }

    private static long RequireSound(string vault, MasterKey master) => VaultCheck.Run(vault, master, out long keys) is [var fault, ..]
        ? throw new StorageException($"{vault}: {fault}. The master key was not exchanged.", StorageOutcome.NothingChanged)
        : keys;

    private static void RewrapVault(string path, MasterKey old, MasterKey next)
    {
        using (var database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString()))
        {
            database.Open();
            Execute(database, "PRAGMA journal_mode = DELETE");
            Execute(database, "PRAGMA synchronous = FULL");
            Execute(database, "PRAGMA secure_delete = ON");
            using SqliteTransaction transaction = database.BeginTransaction();
            var rows = new List<(string Origin, string Subject, byte[] Wrapped)>();
            using (SqliteCommand select = database.CreateCommand())
            {
                select.Transaction = transaction;
                select.CommandText = "SELECT origin, subject, wrapped FROM subject_keys";
                using SqliteDataReader row = select.ExecuteReader();
                while (row.Read())
                {
                    rows.Add((row.GetString(0), row.GetString(1), row.GetFieldValue<byte[]>(2)));
                }
            }

            foreach ((string origin, string subject, byte[] wrapped) in rows)
            {
                using SqliteCommand update = database.CreateCommand();
                update.Transaction = transaction;
                update.CommandText = "UPDATE subject_keys SET wrapped = $wrapped WHERE origin = $origin AND subject = $subject";
                update.Parameters.AddWithValue("$wrapped", Vault.Rewrap(old, next, origin, subject, wrapped));
                update.Parameters.AddWithValue("$origin", origin);
                update.Parameters.AddWithValue("$subject", subject);
                update.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        using DiskFile file = Disk.System.Open(path, writable: true);
        file.Sync();
    }

    private static void Execute(SqliteConnection database, string sql)
    {
        using SqliteCommand command = database.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private byte[] Unwrap(MasterKey master, string path, string original) => master.Unwrap(Disk.ReadWhole(path, MaxFileBytes), ContextOf(original));

    private byte[] ContextOf(string path)
    {
        string name = Path.GetFileName(path);
        name = name[..name.LastIndexOf(KeyStore.Extension, StringComparison.Ordinal)];
        return KeyStore.Context(KeyStore.NameOf(_settings.Host, name));
    }
}
