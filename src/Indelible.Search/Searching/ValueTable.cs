using System.Text;

namespace Indelible.Search;

/// <summary>Gives different values numbers, from 0 on: what is counted is then an array. Not thread-safe.</summary>
internal sealed class ValueTable
{
    /// <summary>The most values that are told apart: 1,000,000.</summary>
    public const int MaxValues = 1_000_000;

    private const int SlotBytes = 16;

    // Open addressing, at most half full; 0 is free, else number + 1.
    private int[] _slots = new int[64];
    private int[] _hashes = new int[32];
    private int[] _ends = new int[33];
    private byte[] _bytes = new byte[256];

    /// <summary>How many values.</summary>
    public int Count { get; private set; }

    /// <summary>What it takes in memory, about.</summary>
    public long MemoryBytes => _bytes.Length + (_ends.Length * (long)SlotBytes);

    /// <summary>A value's UTF-8.</summary>
    public ReadOnlySpan<byte> this[int number] => _bytes.AsSpan(_ends[number].._ends[number + 1]);

    /// <summary>The number of a value, which it is given where it is new.</summary>
    /// <returns>−1 where there are too many to tell apart.</returns>
    public int Add(ReadOnlySpan<byte> value)
    {
        int hash = HashOf(value);
        int slot = SlotOf(value, hash);
        if (_slots[slot] > 0)
        {
            return _slots[slot] - 1;
        }

        if (Count == MaxValues || value.Length > Array.MaxLength - _ends[Count])
        {
            return -1;
        }

        if (Count == _hashes.Length)
        {
            Grow();
            slot = SlotOf(value, hash);
        }

        int start = _ends[Count];
        if (start + value.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(_bytes.Length * 2L, start + (long)value.Length)));
        }

        value.CopyTo(_bytes.AsSpan(start));
        _hashes[Count] = hash;
        _slots[slot] = ++Count;
        _ends[Count] = start + value.Length;
        return Count - 1;
    }

    /// <summary>The number of a value; −1 where it has none.</summary>
    public int Find(ReadOnlySpan<byte> value) => _slots[SlotOf(value, HashOf(value))] - 1;

    /// <summary>A value as text.</summary>
    public string TextOf(int number) => Encoding.UTF8.GetString(this[number]);

    private static int HashOf(ReadOnlySpan<byte> value)
    {
        // Seeded for each process: who writes entries cannot choose values that collide.
        var hash = new HashCode();
        hash.AddBytes(value);
        return hash.ToHashCode();
    }

    private int SlotOf(ReadOnlySpan<byte> value, int hash)
    {
        int mask = _slots.Length - 1;
        for (int slot = hash & mask; ; slot = (slot + 1) & mask)
        {
            int number = _slots[slot] - 1;
            if (number < 0 || (_hashes[number] == hash && this[number].SequenceEqual(value)))
            {
                return slot;
            }
        }
    }

    private void Grow()
    {
        Array.Resize(ref _hashes, _hashes.Length * 2);
        Array.Resize(ref _ends, _hashes.Length + 1);
        _slots = new int[_hashes.Length * 2];
        int mask = _slots.Length - 1;
        for (int number = 0; number < Count; number++)
        {
            int slot = _hashes[number] & mask;
            while (_slots[slot] > 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = number + 1;
        }
    }
}
