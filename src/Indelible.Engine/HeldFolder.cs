using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;

namespace Indelible.Engine;

/// <summary>A data folder that no node runs on, held so that none begins to: for making what is derived from its segments.</summary>
/// <remarks>Nothing of the logs is changed. Segments are checked block by block as they are read; whether they are what was signed is not asked here.</remarks>
public sealed class HeldFolder : IDisposable
{
    private readonly DataFolder _folder;
    private readonly IDisposable _lock;
    private readonly MasterKey? _master;
    private readonly Vault? _vault;

    private HeldFolder(DataFolder folder, IDisposable held, MasterKey? master, Vault? vault, FolderSettings settings)
    {
        _folder = folder;
        _lock = held;
        _master = master;
        _vault = vault;
        Settings = settings;
    }

    /// <summary>What the folder is.</summary>
    public FolderSettings Settings { get; }

    /// <summary>Whether personal values can be read: the master key and the vault are at hand.</summary>
    public bool HasKeys => _vault is not null;

    /// <summary>Takes the folder.</summary>
    /// <param name="folder">An initialised folder.</param>
    /// <param name="masterKey">The master key, where it is not in the folder; without it and the file, personal values cannot be read.</param>
    /// <param name="random">Draws nothing, but keys want one.</param>
    /// <exception cref="StorageException">It was never initialised, is in use, or an exchange of the master key was broken off.</exception>
    public static HeldFolder Take(DataFolder folder, ReadOnlyMemory<byte>? masterKey, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(folder);
        FolderSettings settings = folder.ReadSettings();
        IDisposable held = folder.Lock();
        MasterKey? master = null;
        try
        {
            if (MasterKeyRewrap.IsUnfinished(folder))
            {
                throw new StorageException("An exchange of the master key was broken off: start the node, or do the exchange again, to finish it first.", StorageOutcome.NothingChanged);
            }

            master = masterKey is { } given ? MasterKey.Take(given.Span, folder.Disk, folder.MasterKeyFile, random)
                : folder.Disk.Exists(folder.MasterKeyFile) ? MasterKey.Open(folder.Disk, folder.MasterKeyFile, random)
                : null;
            Vault? vault = master is not null && File.Exists(folder.VaultFile) ? Vault.Open(folder.VaultFile, master, random) : null;
            return new HeldFolder(folder, held, master, vault, settings);
        }
        catch
        {
            master?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>The names of the logs that have segments or index files, in ordinal order.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public IReadOnlyList<string> Logs() => [.. _folder.Disk.Folders(_folder.LogsFolder).Select(path => Path.GetFileName(path)!).Where(LogName.CanBe)];

    /// <summary>Opens the segments of a log.</summary>
    /// <param name="log">Its name.</param>
    /// <exception cref="StorageException">A segment is damaged, or of another log.</exception>
    public HeldLog Open(string log) => HeldLog.Open(_folder, Settings, log, _vault);

    /// <summary>See <see cref="LogEngine.DeriveKey"/>.</summary>
    /// <exception cref="InvalidOperationException">The master key is not at hand.</exception>
    public byte[] DeriveKey(string purpose) => _master is { } master ? master.Derive(purpose) : throw new InvalidOperationException("There is no master key here.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _vault?.Dispose();
        _master?.Dispose();
        _lock.Dispose();
    }
}
