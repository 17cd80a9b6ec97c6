namespace Indelible.SearchBench;

/// <summary>How much of an answer is wanted.</summary>
internal enum Detail
{
    /// <summary>Which events the newest are, and how many there are in all.</summary>
    Find,

    /// <summary>The newest events themselves, and how many there are in all.</summary>
    Read,

    /// <summary>The newest events themselves alone.</summary>
    Page,
}

/// <summary>What an engine found.</summary>
/// <param name="Rows">The leaf indexes of the newest, the newest first.</param>
/// <param name="Total">How many in all; −1 where it was not asked for.</param>
/// <param name="Bytes">Bytes of the events that were read.</param>
/// <param name="IsExact">False where the engine says that there may be more.</param>
internal sealed record Answer(IReadOnlyList<long> Rows, long Total, long Bytes, bool IsExact = true);

/// <summary>Something that finds and counts events. Used by one thread.</summary>
internal interface ISearchEngine : IAsyncDisposable
{
    /// <summary>What tables call it.</summary>
    string Name { get; }

    /// <summary>What it can be asked for.</summary>
    IReadOnlyList<Detail> Details { get; }

    /// <summary>Takes entries in; they follow those of the call before.</summary>
    Task AddAsync(EntryChunk chunk, CancellationToken cancellationToken);

    /// <summary>Ends the loading.</summary>
    /// <returns>The bytes on the disk, and a remark.</returns>
    Task<(long Bytes, string Remark)> FinishAsync(CancellationToken cancellationToken);

    /// <summary>Opens what was loaded.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Closes it, so that the page cache can be dropped.</summary>
    Task CloseAsync();

    /// <summary>Told before questions are asked in turn: first to warm up, then the same again to be timed.</summary>
    void Begin(Detail detail, bool isTimed);

    /// <summary>Finds events.</summary>
    Task<Answer> AskAsync(Question question, Detail detail, CancellationToken cancellationToken);

    /// <summary>Counts events.</summary>
    Task<CountAnswer> CountAsync(CountQuestion question, CancellationToken cancellationToken);
}
