using Indelible.Engine.Reading;
using Indelible.Merkle;

namespace Indelible.Engine.Sealing;

/// <summary>A block of 256 entries of a segment or a frame of 4, whose hashes have been checked against the segment's index.</summary>
/// <param name="Entries">The entries' bytes, in index order.</param>
/// <param name="Tree">The nodes over them; the leaves of a block are a full level-0 tile.</param>
/// <param name="Bundle">The entry bundle that they lie in.</param>
internal sealed record SegmentPart(IReadOnlyList<ReadOnlyMemory<byte>> Entries, PerfectTree Tree, ReadOnlyMemory<byte> Bundle)
{
    private const int ObjectBytes = 400;

    /// <summary>What it takes in memory, roughly.</summary>
    public int MemoryBytes => Bundle.Length + (Entries.Count * ((2 * Hash.Size) + 16)) + ObjectBytes;
}
