using Indelible.Merkle;

namespace Indelible.Engine.Reading;

/// <summary>The entries of a log that are in no segment yet: their places and every complete node over them, in memory.</summary>
/// <remarks>
/// 80 bytes an entry. The sequencer's loop appends; readers look up what lies below the size that they read from
/// <see cref="LogState.DurableSize"/>, which is published after the append, so they need no lock for hashes. Places change when
/// entries move to a tail file, and are read and written under a lock.
/// </remarks>
internal sealed class Tail
{
    private readonly int _maxHeight;
    private readonly Hash[][] _levels;          // by height: complete nodes from FirstIndex on
    private readonly Lock _placesLock = new();
    private EntryLocation[] _places = [];       // under _placesLock

    public Tail(long firstIndex, int segmentHeight)
    {
        FirstIndex = firstIndex;
        _maxHeight = segmentHeight;
        _levels = new Hash[segmentHeight + 1][];
        Array.Fill(_levels, []);
    }

    /// <summary>The leaf index of the first entry: a multiple of the segment size.</summary>
    public long FirstIndex { get; }

    /// <summary>The number of entries; the sequencer's.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a leaf and every node that it completes, up to the height of a segment.</summary>
    public void Append(in Hash leaf, EntryLocation place)
    {
        lock (_placesLock)
        {
            Put(ref _places, Count, place);
        }

        Put(ref _levels[0], Count, leaf);
        for (int height = 1; height <= _maxHeight && ((Count + 1) & ((1 << height) - 1)) == 0; height++)
        {
            int index = Count >> height;
            Hash[] below = _levels[height - 1];
            Put(ref _levels[height], index, TreeHasher.Node(below[2 * index], below[(2 * index) + 1]));
        }

        Count++;
    }

    /// <summary>A complete node, by its index in the whole tree.</summary>
    public Hash Node(int height, long index) => Volatile.Read(ref _levels[height])[index - (FirstIndex >> height)];

    /// <summary>Where an entry lies now.</summary>
    public EntryLocation PlaceOf(long index)
    {
        lock (_placesLock)
        {
            return _places[index - FirstIndex];
        }
    }

    /// <summary>Notes the new places of consecutive entries.</summary>
    public void Relocate(long firstIndex, IReadOnlyList<EntryLocation> places)
    {
        lock (_placesLock)
        {
            for (int i = 0; i < places.Count; i++)
            {
                _places[firstIndex - FirstIndex + i] = places[i];
            }
        }
    }

    /// <summary>The tail that remains when the first <paramref name="count"/> entries have been sealed: a multiple of the segment size.</summary>
    public Tail Without(int count)
    {
        var rest = new Tail(FirstIndex + count, _maxHeight);
        for (int i = count; i < Count; i++)
        {
            rest.Append(_levels[0][i], PlaceOf(FirstIndex + i));
        }

        return rest;
    }

    private static void Put<T>(ref T[] array, int index, T value)
    {
        T[] current = array;
        if (index == current.Length)
        {
            Array.Resize(ref current, Math.Max(16, current.Length * 2));
            current[index] = value;
            Volatile.Write(ref array, current);
            return;
        }

        current[index] = value;
    }
}
