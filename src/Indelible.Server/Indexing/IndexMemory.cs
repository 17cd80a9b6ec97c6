namespace Indelible.Server.Indexing;

/// <summary>The memory for indexes that are in no file yet, all logs together. The indexing thread's, save <see cref="Bytes"/>.</summary>
/// <remarks>
/// Over the budget, the log that was appended to or asked least recently gives up first its personal indexes, then all that it has in memory; the rest of the chunk that it was at is looked at entry by
/// entry. When such a log is asked, it is indexed again, and another gives up; being appended to alone does not bring it back, or many busy logs would index each other out for ever.
/// </remarks>
internal sealed class IndexMemory(long budgetBytes)
{
    private readonly HashSet<LogIndex> _holders = [];
    private long _bytes;

    /// <summary>What the indexes take, by estimate. For any thread.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether there is room for one that nobody has used yet.</summary>
    public bool HasRoom => _bytes < budgetBytes;

    /// <summary>Whether no other log has anything in memory.</summary>
    public bool IsAlone(LogIndex log) => _holders.Count == 1 && _holders.Contains(log);

    /// <summary>Counts what a log has in memory now.</summary>
    public void Count(LogIndex log)
    {
        long now = log.InMemory.Sum(chunk => chunk.MemoryBytes);
        Volatile.Write(ref _bytes, _bytes + now - log.MemoryBytes);
        log.MemoryBytes = now;
        if (now > 0)
        {
            _holders.Add(log);
        }
        else
        {
            _holders.Remove(log);
        }
    }

    /// <summary>Who is to give something up; null while all is within the budget.</summary>
    /// <param name="current">The log that is being indexed: of those used equally long ago it is the first.</param>
    public LogIndex? NextToGiveUp(LogIndex current) => _bytes <= budgetBytes
        ? null
        : _holders.MinBy(log => (log.UsedAt, log == current ? 0 : 1));
}
