using System.Globalization;
using System.Text;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Indelible.Tiles;

namespace Indelible.Verification.Tests.Rotation;

/// <summary>A log in memory of which every key is at hand, so that it can be rotated well and badly.</summary>
internal sealed class RotatedLog : INodeReader
{
    public const string Origin = "test.example/logs/list";
    private readonly List<byte[]> _entries = [];
    private readonly List<Hash> _leaves = [];

    public long Size => _entries.Count;

    public IReadOnlyList<byte[]> Entries => _entries;

    /// <summary>The key of this number.</summary>
    public static Ed25519NoteSigner Key(int number, string origin = Origin) => Ed25519NoteSigner.FromSeed(origin, [.. Enumerable.Repeat((byte)(number + 1), 32)]);

    public static Ed25519NoteVerifier Verifier(int number) => Ed25519NoteVerifier.FromVkey(Key(number).VerifierKey);

    public RotatedLog Fill(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add("test.run", "{}", "app");
        }

        return this;
    }

    /// <summary>Adds the entry that announces a key.</summary>
    /// <returns>Its index.</returns>
    public long Announce(Ed25519NoteSigner old, Ed25519NoteSigner next, string principal = RotationFacts.Principal, string origin = Origin) => Add(
        RotationFacts.Action, $$"""{"log":"list","new_vkey":"{{next.VerifierKey}}","old_vkey":"{{old.VerifierKey}}","origin":"{{origin}}","size":{{Size}}}""", principal);

    /// <summary>The checkpoint of the first entries.</summary>
    public byte[] Note(long size, params ReadOnlySpan<NoteSigner> signers) =>
        SignedNote.Sign(new Checkpoint(Origin, size, TreeMath.Root(this, size)).Format(), signers).ToBytes();

    /// <summary>The handover at a size, by the signers given.</summary>
    public TlogProof Handover(long index, long size, params ReadOnlySpan<NoteSigner> signers) =>
        VerifiedHandover.Make(index, _entries[(int)index], InclusionProof.Create(this, index, size), Note(size, signers));

    /// <summary>Rotates as a log does: the entry, one more, and the head that both keys sign.</summary>
    public TlogProof Rotate(int old, int next)
    {
        long index = Announce(Key(old), Key(next));
        Fill(3);
        return Handover(index, Size - 1, Key(old), Key(next));
    }

    public ILogSource Source(byte[] note, params IEnumerable<TlogProof> handovers) => new Served(this, note, HandoverList.Format(handovers));

    public ILogSource Source(byte[] note, byte[] handovers) => new Served(this, note, handovers);

    public Hash ReadNode(int height, long index) =>
        height == 0 ? _leaves[(int)index] : TreeHasher.Node(ReadNode(height - 1, 2 * index), ReadNode(height - 1, (2 * index) + 1));

    private long Add(string action, string data, string principal)
    {
        string time = string.Create(CultureInfo.InvariantCulture, $"2026-11-23T06:14:{_entries.Count / 1_000_000:00}.{_entries.Count % 1_000_000:000000}Z");
        byte[] entry = Encoding.UTF8.GetBytes(
            $$"""{"action":"{{action}}","actor":{"id":"u","type":"user"},"data":{{data}},"id":"e{{_entries.Count}}","ingest":{"principal":"{{principal}}"},"outcome":"success","received_at":"{{time}}","schema":"audit/1","time":"{{time}}"}""");
        _entries.Add(entry);
        _leaves.Add(TreeHasher.Leaf(entry));
        return _entries.Count - 1;
    }

    private sealed class Served(RotatedLog log, byte[] note, byte[] handovers) : ILogSource
    {
        public string Description => "a log in memory";

        public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>>(note);

        public Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>>(handovers);

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>(
            [.. log._entries.Skip((int)id.Index * TileLayout.Width).Take(id.Width).Select(entry => (ReadOnlyMemory<byte>)entry)]);

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

        public string Locate(long index) => "the list";
    }
}
