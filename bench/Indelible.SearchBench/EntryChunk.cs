namespace Indelible.SearchBench;

/// <summary>Consecutive entries that are loaded together: a segment, or what is left behind the last.</summary>
/// <param name="First">The leaf index of the first.</param>
/// <param name="Entries">Their bytes.</param>
/// <param name="Clear">The same with personal values in clear; the same list where nothing is sealed.</param>
/// <param name="Root">The root of the segment's subtree; null of what is left.</param>
internal sealed record EntryChunk(long First, IReadOnlyList<ReadOnlyMemory<byte>> Entries, IReadOnlyList<ReadOnlyMemory<byte>> Clear, Merkle.Hash? Root);
