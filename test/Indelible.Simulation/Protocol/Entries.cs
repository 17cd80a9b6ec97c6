using System.Text;

namespace Indelible.Simulation.Protocol;

/// <summary>Entries in the order of their indexes, at most <see cref="Max"/>; stands for their bytes, and as the first entries of a log for its root hash too.</summary>
/// <param name="Packed">Four bits each: their number, then the entries. A zero is an index whose entry is not here.</param>
/// <remarks>Two logs have the same root for the same size exactly if these are equal: the model's hash function has no collisions.</remarks>
internal readonly record struct Entries(uint Packed)
{
    public const int Max = 7;

    private const int BitsEach = 4;

    public int Count => (int)(Packed & 0xF);

    /// <summary>The entry of an index below <see cref="Count"/>, made by <see cref="Client.EntryOf"/>; 0 where it is not here.</summary>
    public int this[int index] => (int)(Packed >> (BitsEach * (index + 1))) & 0xF;

    /// <summary>No entries, but the indexes below <paramref name="count"/> are passed over.</summary>
    public static Entries BeginningAt(int count) => new((uint)count);

    public static Entries Of(int entry) => default(Entries).Add(entry);

    public Entries Add(int entry) => Count < Max
        ? new((Packed | ((uint)entry << (BitsEach * (Count + 1)))) + 1)
        : throw new InvalidOperationException($"The bounds let a log grow beyond the {Max} entries that the model can hold.");

    public Entries Add(Entries more)
    {
        Entries all = this;
        for (int i = 0; i < more.Count; i++)
        {
            all = all.Add(more[i]);
        }

        return all;
    }

    public Entries First(int count) => new((uint)count | (Packed & (uint)(((1UL << (BitsEach * (count + 1))) - 1) & ~0xFUL)));

    /// <summary>The entries [<paramref name="from"/>, <paramref name="end"/>), counted from 0 anew.</summary>
    public Entries Slice(int from, int end)
    {
        Entries part = default;
        for (int i = from; i < end; i++)
        {
            part = part.Add(this[i]);
        }

        return part;
    }

    /// <summary>As many, but those below <paramref name="index"/> are not here any more.</summary>
    public Entries Without(int index) => new((Packed & ~(uint)((1UL << (BitsEach * (index + 1))) - 1)) | (uint)Count);

    public bool StartsWith(Entries first) => Count >= first.Count && First(first.Count) == first;

    /// <summary>Where an event stands, or −1.</summary>
    public int IndexOfEvent(int eventNumber)
    {
        for (int i = 0; i < Count; i++)
        {
            if (this[i] != 0 && Client.EventOf(this[i]) == eventNumber)
            {
                return i;
            }
        }

        return -1;
    }

    public override string ToString()
    {
        var text = new StringBuilder("[");
        for (int i = 0; i < Count; i++)
        {
            text.Append(i == 0 ? "" : " ").Append(this[i] == 0 ? "·" : Client.NameOf(this[i]));
        }

        return text.Append(']').ToString();
    }
}
