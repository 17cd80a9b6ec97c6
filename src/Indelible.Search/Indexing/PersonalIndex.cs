namespace Indelible.Search;

/// <summary>The index of what stands in a chunk's sealed values, read from its file and decrypted: managed memory, so that it need not be let go. Thread-safe.</summary>
public sealed class PersonalIndex
{
    internal PersonalIndex(ITermIndex terms, long memoryBytes)
    {
        Terms = terms;
        MemoryBytes = memoryBytes;
    }

    /// <summary>What it takes in memory, in bytes, about.</summary>
    public long MemoryBytes { get; }

    internal ITermIndex Terms { get; }
}
