using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Tiles;

namespace Indelible.Verification.Tests;

/// <summary>A key of the attacker's choice, pinned by a verifier who was careless, or stolen.</summary>
internal static class SigningKey
{
    public static Ed25519NoteSigner Signer { get; } = Ed25519NoteSigner.FromSeed("test.example/logs/list", [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    public static Ed25519NoteVerifier Verifier { get; } = Ed25519NoteVerifier.FromVkey(Signer.VerifierKey.ToString());
}

/// <summary>A log of any entries, with a tree and a signature that fit them.</summary>
internal sealed class ListSource(Ed25519NoteSigner signer, IReadOnlyList<byte[]> entries) : ILogSource
{
    public string Description => "a list of entries";

    /// <summary>The head over entries, signed.</summary>
    public static VerifiedCheckpoint HeadOf(Ed25519NoteSigner signer, IReadOnlyList<byte[]> entries) =>
        VerifiedCheckpoint.Verify(NoteOf(signer, entries), signer.Name, Ed25519NoteVerifier.FromVkey(signer.VerifierKey.ToString()));

    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>>(NoteOf(signer, entries));

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>(
        [.. entries.Skip((int)id.Index * TileLayout.Width).Take(id.Width).Select(entry => (ReadOnlyMemory<byte>)entry)]);

    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

    public string Locate(long index) => "the list";

    private static byte[] NoteOf(Ed25519NoteSigner signer, IReadOnlyList<byte[]> entries)
    {
        var tree = new CompactRange();
        foreach (byte[] entry in entries)
        {
            tree.Append(TreeHasher.Leaf(entry));
        }

        return SignedNote.Sign(new Checkpoint(signer.Name, tree.Size, tree.Root()).Format(), signer).ToBytes();
    }
}
