using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Keys;

namespace Indelible.Engine.Privacy;

/// <summary>The keys that sign: one file a key, its seed wrapped by the master key.</summary>
/// <remarks>Thread-safe for different names.</remarks>
internal sealed class KeyStore(Disk disk, string folder, MasterKey master, RandomSource random)
{
    /// <summary>The file of the key that signs receipts. No log has such a name.</summary>
    public const string ReceiptsName = "_receipts";

    /// <summary>How a key's file ends.</summary>
    public const string Extension = ".key";

    /// <summary>How the file of a key ends that is to take another's place.</summary>
    public const string NextExtension = ".next";

    private const int MaxFileBytes = 1024;

    /// <summary>The name in a key, part of its id for ever: a log's origin.</summary>
    /// <param name="host">The host part of every origin.</param>
    /// <param name="name">The file's name: a log's, or <see cref="ReceiptsName"/>.</param>
    public static string NameOf(string host, string name) => name == ReceiptsName ? $"{host}/receipts" : $"{host}/logs/{name}";

    /// <summary>The file of a key.</summary>
    public static string PathOf(string folder, string name) => Path.Combine(folder, name + Extension);

    /// <summary>Opens the key of <paramref name="name"/>, or makes it if there is none.</summary>
    /// <param name="name">The file's name: a log's name, or <see cref="ReceiptsName"/>.</param>
    /// <param name="keyName">The name in the key, part of its id for ever: a log's origin.</param>
    public Ed25519NoteSigner OpenOrCreate(string name, string keyName)
    {
        if (disk.Exists(PathOf(name)))
        {
            // It may have been made and not become durable; what is signed with it from now on would be lost with it.
            disk.SyncFolder(folder);
            return Open(name, keyName);
        }

        disk.EnsureFolder(folder);
        byte[] seed = new byte[32];
        random.Fill(seed);
        disk.WriteWhole(PathOf(name), master.Wrap(seed, Context(keyName)));
        return Ed25519NoteSigner.FromSeed(keyName, seed);
    }

    /// <summary>Opens the key of <paramref name="name"/>.</summary>
    /// <exception cref="StorageException">It is missing, altered, or the key of another name.</exception>
    public Ed25519NoteSigner Open(string name, string keyName) => disk.Exists(PathOf(name))
        ? Ed25519NoteSigner.FromSeed(keyName, master.Unwrap(disk.ReadWhole(PathOf(name), MaxFileBytes), Context(keyName)))
        : throw new StorageException($"The signing key of {keyName} is missing ({PathOf(name)}).", StorageOutcome.Damaged);

    /// <summary>Makes a key that is to take the place of <paramref name="name"/>'s; one that was made before and signed nothing goes.</summary>
    /// <exception cref="StorageException">It could not be written, or whether it was is not known.</exception>
    public Ed25519NoteSigner CreateNext(string name, string keyName)
    {
        byte[] seed = new byte[32];
        random.Fill(seed);
        disk.WriteWhole(PathOf(name) + NextExtension, master.Wrap(seed, Context(keyName)));
        return Ed25519NoteSigner.FromSeed(keyName, seed);
    }

    /// <summary>Opens the key that is to take the place of <paramref name="name"/>'s, or null where there is none that opens.</summary>
    public Ed25519NoteSigner? TryOpenNext(string name, string keyName)
    {
        Ed25519NoteSigner? next;
        try
        {
            next = PeekNext(name, keyName);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return null;   // As good as lost. Whether it can be done without, the rotation knows.
        }

        if (next is not null)
        {
            // It may have been made and not become durable; what is signed with it from now on would be lost with it.
            disk.SyncFolder(folder);
        }

        return next;
    }

    /// <summary>As <see cref="TryOpenNext"/>, to look and not to sign: nothing is synced.</summary>
    /// <exception cref="StorageException">It was altered, or is the key of another name.</exception>
    public Ed25519NoteSigner? PeekNext(string name, string keyName) => disk.Exists(PathOf(name) + NextExtension)
        ? Ed25519NoteSigner.FromSeed(keyName, master.Unwrap(disk.ReadWhole(PathOf(name) + NextExtension, MaxFileBytes), Context(keyName)))
        : null;

    /// <summary>Destroys a key and puts the next one in its place. Begun and broken off, it is done again.</summary>
    /// <exception cref="StorageException">It failed: the next key is there, the old one may be.</exception>
    /// <remarks>
    /// Overwritten where it lies, before its name goes to the next key: as far as a file system writes in place, nothing of it is left.
    /// Copies that backups hold are not reached; they open by the master key alone.
    /// </remarks>
    public void Advance(string name)
    {
        string path = PathOf(name);
        if (disk.Exists(path))
        {
            using DiskFile old = disk.Open(path, writable: true);
            old.Write(0, new byte[old.Length]);
            old.Sync();
        }

        disk.Replace(path + NextExtension, path);
    }

    /// <summary>What a wrapped key is for.</summary>
    internal static byte[] Context(string keyName) => Encoding.UTF8.GetBytes("indelible.dev/signing-key/v1 " + keyName);

    private string PathOf(string name) => PathOf(folder, name);
}
