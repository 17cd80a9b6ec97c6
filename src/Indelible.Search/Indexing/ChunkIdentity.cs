namespace Indelible.Search;

/// <summary>What the index of a chunk was made of. An index file that names anything else is not used.</summary>
/// <param name="Origin">The log's origin.</param>
/// <param name="First">The leaf index of row 0.</param>
/// <param name="Rows">How many entries, at most 65,536.</param>
/// <param name="Root">The root hash of the subtree over those entries, 32 bytes.</param>
public sealed record ChunkIdentity(string Origin, long First, int Rows, ReadOnlyMemory<byte> Root);
