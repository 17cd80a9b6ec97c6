using Indelible.Engine.Sealing;

namespace Indelible.Engine.Reading;

/// <summary>Recently read blocks and frames of all logs of a node, within one budget of bytes. Thread-safe.</summary>
internal sealed class SegmentCache(long budgetBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(LogState Log, long First, int Count), LinkedListNode<Slot>> _slots = [];
    private readonly LinkedList<Slot> _recent = new();   // most recently used first
    private long _bytes;

    /// <summary>A part of a segment, if it was read lately.</summary>
    /// <param name="log">The log.</param>
    /// <param name="first">The part's first entry.</param>
    /// <param name="count">The part's entries.</param>
    public SegmentPart? Find(LogState log, long first, int count)
    {
        lock (_lock)
        {
            if (!_slots.TryGetValue((log, first, count), out LinkedListNode<Slot>? slot))
            {
                return null;
            }

            _recent.Remove(slot);
            _recent.AddFirst(slot);
            return slot.Value.Part;
        }
    }

    /// <summary>Keeps a part that was read.</summary>
    /// <param name="log">The log.</param>
    /// <param name="first">The part's first entry.</param>
    /// <param name="part">The part.</param>
    /// <returns>The part.</returns>
    public SegmentPart Keep(LogState log, long first, SegmentPart part)
    {
        lock (_lock)
        {
            if (!_slots.ContainsKey((log, first, part.Entries.Count)))
            {
                _slots.Add((log, first, part.Entries.Count), _recent.AddFirst(new Slot(log, first, part)));
                _bytes += part.MemoryBytes;
            }

            while (_bytes > budgetBytes && _recent.Last is { } oldest && oldest != _recent.First)
            {
                _recent.RemoveLast();
                _slots.Remove((oldest.Value.Log, oldest.Value.First, oldest.Value.Part.Entries.Count));
                _bytes -= oldest.Value.Part.MemoryBytes;
            }
        }

        return part;
    }

    private sealed record Slot(LogState Log, long First, SegmentPart Part);
}
