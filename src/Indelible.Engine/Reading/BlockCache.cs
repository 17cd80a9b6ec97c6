using Indelible.Engine.Sealing;

namespace Indelible.Engine.Reading;

/// <summary>Recently read blocks of all logs of a node, within one budget of bytes. Thread-safe.</summary>
internal sealed class BlockCache(long budgetBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(LogState Log, long Block), LinkedListNode<Slot>> _slots = [];
    private readonly LinkedList<Slot> _recent = new();   // most recently used first
    private long _bytes;

    /// <summary>The block, from memory or by reading it.</summary>
    /// <param name="log">The log.</param>
    /// <param name="block">The block's number in the log: leaf index / 256.</param>
    /// <param name="read">Reads and checks the block.</param>
    public SegmentBlock Get(LogState log, long block, Func<SegmentBlock> read)
    {
        lock (_lock)
        {
            if (_slots.TryGetValue((log, block), out LinkedListNode<Slot>? slot))
            {
                _recent.Remove(slot);
                _recent.AddFirst(slot);
                return slot.Value.Block;
            }
        }

        SegmentBlock fresh = read();
        lock (_lock)
        {
            if (!_slots.ContainsKey((log, block)))
            {
                _slots.Add((log, block), _recent.AddFirst(new Slot(log, block, fresh)));
                _bytes += fresh.MemoryBytes;
            }

            while (_bytes > budgetBytes && _recent.Last is { } oldest && oldest != _recent.First)
            {
                _recent.RemoveLast();
                _slots.Remove((oldest.Value.Log, oldest.Value.Number));
                _bytes -= oldest.Value.Block.MemoryBytes;
            }
        }

        return fresh;
    }

    private sealed record Slot(LogState Log, long Number, SegmentBlock Block);
}
