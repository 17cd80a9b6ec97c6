using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Keys;

namespace Indelible.Engine.Privacy;

/// <summary>The keys that sign: one file a key, its seed wrapped by the master key.</summary>
/// <remarks>Thread-safe for different names.</remarks>
internal sealed class KeyStore(string folder, MasterKey master, RandomSource random)
{
    /// <summary>Opens the key of <paramref name="name"/>, or makes it if there is none.</summary>
    /// <param name="name">The file's name: a log's name, or <c>receipts</c>.</param>
    /// <param name="keyName">The name in the key, part of its id for ever: a log's origin.</param>
    public Ed25519NoteSigner OpenOrCreate(string name, string keyName)
    {
        if (File.Exists(PathOf(name)))
        {
            return Open(name, keyName);
        }

        DurableFile.CreateFolder(folder);
        byte[] seed = new byte[32];
        random.Fill(seed);
        DurableFile.WriteWhole(PathOf(name), master.Wrap(seed, Context(keyName)), ownerOnly: true);
        return Ed25519NoteSigner.FromSeed(keyName, seed);
    }

    /// <summary>Opens the key of <paramref name="name"/>.</summary>
    /// <exception cref="StorageException">It is missing, altered, or the key of another name.</exception>
    public Ed25519NoteSigner Open(string name, string keyName) => File.Exists(PathOf(name))
        ? Ed25519NoteSigner.FromSeed(keyName, master.Unwrap(File.ReadAllBytes(PathOf(name)), Context(keyName)))
        : throw new StorageException($"The signing key of {keyName} is missing ({PathOf(name)}).", StorageOutcome.Damaged);

    private static byte[] Context(string keyName) => Encoding.UTF8.GetBytes("indelible.dev/signing-key/v1 " + keyName);

    private string PathOf(string name) => Path.Combine(folder, name + ".key");
}
