using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>The personal indexes of sealed chunks that are open, decrypted, in memory: within a budget, least recently used out first. Thread-safe.</summary>
/// <remarks>Opened by the search that needs one, on its own thread: a chunk costs it some milliseconds, and its entries, which it would read and decrypt otherwise, a hundred times as much.</remarks>
internal sealed class PersonalIndexes(long budgetBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(LogIndex Log, long First), LinkedListNode<Slot>> _slots = [];   // under _lock
    private readonly LinkedList<Slot> _recent = new();                                            // as above: most recently used first
    private long _bytes;                                                                          // as above

    /// <summary>What is open takes so much memory.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The index of a chunk's personal values, from memory or by opening it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="first">The chunk's first entry.</param>
    /// <param name="open">Opens it; null where that cannot be done.</param>
    /// <returns>Null where there is none, or none any more.</returns>
    public PersonalIndex? Get(LogIndex log, long first, Func<PersonalIndex?> open)
    {
        lock (_lock)
        {
            if (_slots.TryGetValue((log, first), out LinkedListNode<Slot>? slot))
            {
                _recent.Remove(slot);
                _recent.AddFirst(slot);
                return slot.Value.Index;
            }
        }

        // Read without the lock: then what was read may be of before somebody was erased, and is not used.
        int generation = log.PersonalGeneration;
        if (open() is not { } opened)
        {
            return null;
        }

        lock (_lock)
        {
            if (log.PersonalGeneration != generation)
            {
                return null;
            }

            if (!_slots.ContainsKey((log, first)))
            {
                _slots.Add((log, first), _recent.AddFirst(new Slot(log, first, opened)));
                _bytes += opened.MemoryBytes;
            }

            while (_bytes > budgetBytes && _recent.Last is { } oldest && oldest != _recent.First)
            {
                Remove(oldest);
            }
        }

        return opened;
    }

    /// <summary>Forgets one chunk's.</summary>
    public void Remove(LogIndex log, long first)
    {
        lock (_lock)
        {
            if (_slots.TryGetValue((log, first), out LinkedListNode<Slot>? slot))
            {
                Remove(slot);
            }
        }
    }

    /// <summary>Forgets all of a log's; what is being opened meanwhile is not used any more.</summary>
    public void Remove(LogIndex log)
    {
        lock (_lock)
        {
            log.PersonalGeneration++;
            foreach (LinkedListNode<Slot> slot in _slots.Where(slot => slot.Key.Log == log).Select(slot => slot.Value).ToArray())
            {
                Remove(slot);
            }
        }
    }

    private void Remove(LinkedListNode<Slot> slot)
    {
        _recent.Remove(slot);
        _slots.Remove((slot.Value.Log, slot.Value.First));
        _bytes -= slot.Value.Index.MemoryBytes;
    }

    private sealed record Slot(LogIndex Log, long First, PersonalIndex Index);
}
