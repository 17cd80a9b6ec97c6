using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>What there is of the index of one chunk of a log. The indexing thread's alone.</summary>
internal sealed class Chunk(long first)
{
    // What an index takes besides what it counts: it matters where ten thousand logs have one of a few rows.
    private const long FixedBytes = 4096;

    private volatile bool _hasPersonalFile;

    /// <summary>The leaf index of its first entry.</summary>
    public long First { get; } = first;

    /// <summary>The index in memory; null where there is none.</summary>
    public ChunkIndexBuilder? Builder { get; set; }

    /// <summary>The index of its personal values in memory, which may cover fewer rows; null where there is none.</summary>
    public PersonalIndexBuilder? Personal { get; set; }

    /// <summary>What searches use: a view of what is in memory, or the mapped file; null where they look at the entries.</summary>
    public ChunkIndex? Index { get; set; }

    /// <summary>Whether its file is written, whole and of this log.</summary>
    public bool HasFile { get; set; }

    /// <summary>Whether its file of personal values is written. For any thread.</summary>
    public bool HasPersonalFile
    {
        get => _hasPersonalFile;
        set => _hasPersonalFile = value;
    }

    /// <summary>Why its file is or was made: new, missing or damaged.</summary>
    public string Why { get; set; } = "new";

    /// <summary>Whether it waits to be made of the segment, or is being made.</summary>
    public bool IsWanted { get; set; }

    /// <summary>As <see cref="IsWanted"/>, of the file of personal values.</summary>
    public bool IsPersonalWanted { get; set; }

    /// <summary>How often in a row its files could not be made.</summary>
    public int Failures { get; set; }

    /// <summary>When to try again.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Whether the index of its personal values has rows to come.</summary>
    public bool IsPersonalBehind => Personal is { } personal && personal.Rows < Builder!.Rows;

    /// <summary>What it takes of the memory for indexes.</summary>
    public long MemoryBytes => (Builder is null ? 0 : FixedBytes + Builder.MemoryBytes) + (Personal is null ? 0 : FixedBytes + Personal.MemoryBytes);
}
