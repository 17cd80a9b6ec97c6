using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Indelible.Search;

/// <summary>One term of an index that fills.</summary>
internal struct Term
{
    /// <summary>The rows that have it. Of a word: those that have it in a value that is no term.</summary>
    public RowList Rows;

    /// <summary>Whose term it is: <see cref="TermTable.Tag"/>.</summary>
    public uint Tag;

    /// <summary>The term of the same tag that was added before, or 0.</summary>
    public int Previous;

    /// <summary>Of a string, the term of the address that it spells, or 0; of a member, its node; of a word, see <see cref="TermTable.SourcesOf"/>.</summary>
    public int Extra;

    /// <summary>How many bytes it has.</summary>
    public ushort Length;

    /// <summary>Of a hashed string: whether it is an identifier.</summary>
    public bool IsIdentifier;

    /// <summary>Its bytes, where they are few, or else in the first four the address of where they are.</summary>
    public ShortText Text;

    /// <summary>Bytes that stand in the term itself: most words do, and are found with one look at memory less.</summary>
    [InlineArray(Bytes)]
    public struct ShortText
    {
        /// <summary>How many there can be.</summary>
        public const int Bytes = 8;

        private byte _first;
    }
}

/// <summary>A string of the dictionary that contains a word: the word is in every row that the string is in.</summary>
/// <param name="Term">The string.</param>
/// <param name="Previous">The one that was linked before: its place, or where it is the first, −1 less itself.</param>
internal readonly record struct WordSource(int Term, int Previous);

/// <summary>Everything that an index finds by its bytes: members' names, values, words. One writer, many readers, no lock.</summary>
/// <remarks>
/// A term is known by its tag (a node of the tree of paths, and what stands there) and its bytes. Terms and bytes never move. A slot, whose place is the upper bits of a term's hash, holds the
/// lowest eight beside its address: nearly every wrong one is passed over without looking at it. When three quarters are full a larger table takes their place. Who reads the old one misses
/// only what is newer.
/// Short terms, which most are, are hashed and compared by two words: two multiplications, in place of a call. The hash has a seed of its own for each table: nobody can choose values that all fall into one place. Nothing of it reaches a file.
/// </remarks>
internal sealed class TermTable(MemoryCount memory)
{
    /// <summary>The longest term.</summary>
    public const int MaxBytes = 1024;

    // A chunk's memory is bounded to far fewer terms than have an address.
    private const int AddressBits = 24;
    private const uint AddressMask = (1u << AddressBits) - 1;

    private readonly ulong _seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private readonly ulong _lengthSeed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private readonly PagedStore<byte> _text = new(memory, 16);
    private readonly PagedStore<Term> _terms = new(memory, 10);
    private readonly PagedStore<WordSource> _sources = new(memory, 12);
    private uint[] _slots = new uint[128];
    private int _count;

    /// <summary>The rows of all terms.</summary>
    public RowLists Rows { get; } = new(memory);


    /// <summary>The term at an address.</summary>
    public ref Term this[int term] => ref _terms[term];

    /// <summary>What tells the terms of a node and kind from all others.</summary>
    public static uint Tag(int node, int kind) => ((uint)node << 3) | (uint)kind;

    /// <summary>The bytes of a term.</summary>
    public ReadOnlySpan<byte> TextOf(ref Term term)
    {
        Span<byte> text = term.Text;
        return term.Length <= Term.ShortText.Bytes ? text[..term.Length] : _text.Slice(BinaryPrimitives.ReadInt32LittleEndian(text), term.Length);
    }

    /// <summary>Finds a term.</summary>
    /// <returns>Its address, or 0.</returns>
    public int Find(uint tag, ReadOnlySpan<byte> text)
    {
        uint[] slots = Volatile.Read(ref _slots);
        uint hash = Hash(tag, text);
        for (int slot = Place(hash, slots); ; slot = (slot + 1) & (slots.Length - 1))
        {
            uint entry = Volatile.Read(ref slots[slot]);
            if (entry == 0)
            {
                return 0;
            }

            if (entry >> AddressBits == (byte)hash && IsSame((int)(entry & AddressMask), tag, text))
            {
                return (int)(entry & AddressMask);
            }
        }
    }

    /// <summary>Finds a term, or adds it without any row.</summary>
    /// <param name="tag">Its tag.</param>
    /// <param name="text">Its bytes, at most <see cref="MaxBytes"/>.</param>
    /// <param name="newest">The newest term of the tag; becomes the one that was added.</param>
    /// <param name="row">The first row that has it; −1 where it gets rows otherwise.</param>
    /// <param name="isNew">Whether it was added.</param>
    public int FindOrAdd(uint tag, ReadOnlySpan<byte> text, ref int newest, int row, out bool isNew)
    {
        uint[] slots = _slots;
        uint hash = Hash(tag, text);
        int slot = Place(hash, slots);
        for (uint entry; (entry = slots[slot]) != 0; slot = (slot + 1) & (slots.Length - 1))
        {
            if (entry >> AddressBits == (byte)hash && IsSame((int)(entry & AddressMask), tag, text))
            {
                isNew = false;
                return (int)(entry & AddressMask);
            }
        }

        isNew = true;
        int address = _terms.Add(1);
        ref Term term = ref _terms[address];
        term.Tag = tag;
        term.Length = (ushort)text.Length;
        if (text.Length <= Term.ShortText.Bytes)
        {
            text.CopyTo(term.Text);
        }
        else
        {
            int place = _text.Add(text.Length);
            text.CopyTo(_text.Slice(place, text.Length));
            BinaryPrimitives.WriteInt32LittleEndian(term.Text, place);
        }

        term.Previous = newest;
        if (row >= 0)
        {
            Rows.Add(ref term.Rows, row);
        }

        Volatile.Write(ref slots[slot], SlotOf(hash, address));
        Volatile.Write(ref newest, address);
        if (++_count > slots.Length / 4 * 3)
        {
            Grow();
        }

        return address;
    }

    /// <summary>Links a word with a string that it is in; once, if one string is linked with all of its words before the next.</summary>
    public void AddSource(ref Term word, int source)
    {
        int before = word.Extra;
        if (before == 0)
        {
            // Most words are in one string only, and need no link for it.
            Volatile.Write(ref word.Extra, ~source);
        }
        else if ((before < 0 ? ~before : _sources[before].Term) != source)
        {
            int link = _sources.Add(1);
            _sources[link] = new WordSource(source, before);
            Volatile.Write(ref word.Extra, link);
        }
    }

    /// <summary>The strings that a word is in.</summary>
    public SourceEnumerator SourcesOf(ref Term word) => new(_sources, Volatile.Read(ref word.Extra));

    private static uint SlotOf(uint hash, int address) =>
        (uint)address <= AddressMask ? ((uint)(byte)hash << AddressBits) | (uint)address : throw new InvalidOperationException($"A chunk has more than {AddressMask} terms.");

    private static int Place(uint hash, uint[] slots) => (int)(hash >> BitOperations.LeadingZeroCount((uint)slots.Length - 1));

    /// <summary>The first and the last bytes of a text of at most 16: two texts of one length are the same where both are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong First, ulong Last) Ends(ReadOnlySpan<byte> text) => text.Length switch
    {
        >= sizeof(ulong) => (MemoryMarshal.Read<ulong>(text), MemoryMarshal.Read<ulong>(text[^sizeof(ulong)..])),
        >= sizeof(uint) => (MemoryMarshal.Read<uint>(text), MemoryMarshal.Read<uint>(text[^sizeof(uint)..])),
        > 0 => ((ulong)text[0] | ((ulong)text[text.Length / 2] << 8) | ((ulong)text[^1] << 16), 0),
        _ => (0, 0),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Hash(uint tag, ReadOnlySpan<byte> text)
    {
        ulong seed = _seed ^ (tag * 0x9E3779B97F4A7C15UL);
        if (text.Length > 2 * sizeof(ulong))
        {
            return (uint)XxHash3.HashToUInt64(text, (long)seed);
        }

        (ulong first, ulong last) = Ends(text);
        ulong high = Math.BigMul(first ^ seed, last ^ _lengthSeed ^ (ulong)text.Length, out ulong low);
        return (uint)(((high ^ low) * 0x9E3779B97F4A7C15UL) >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsSame(int address, uint tag, ReadOnlySpan<byte> text)
    {
        ref Term term = ref _terms[address];
        if (term.Tag != tag || term.Length != text.Length)
        {
            return false;
        }

        return text.Length <= 2 * sizeof(ulong) ? Ends(text) == Ends(TextOf(ref term)) : TextOf(ref term).SequenceEqual(text);
    }

    private void Grow()
    {
        // The smaller table is garbage as soon as no reader is in it.
        memory.Add((long)_slots.Length * sizeof(uint));
        uint[] slots = new uint[_slots.Length * 2];
        foreach (uint entry in _slots)
        {
            if (entry != 0)
            {
                ref Term term = ref _terms[(int)(entry & AddressMask)];
                int slot = Place(Hash(term.Tag, TextOf(ref term)), slots);
                while (slots[slot] != 0)
                {
                    slot = (slot + 1) & (slots.Length - 1);
                }

                slots[slot] = entry;
            }
        }

        Volatile.Write(ref _slots, slots);
    }

    /// <summary>Goes over the strings that a word is in, the newest first.</summary>
    public ref struct SourceEnumerator(PagedStore<WordSource> sources, int next)
    {
        private int _next = next;

        /// <summary>The string's term.</summary>
        public int Current { get; private set; }

        /// <summary>Itself.</summary>
        public readonly SourceEnumerator GetEnumerator() => this;

        /// <summary>Moves on.</summary>
        public bool MoveNext()
        {
            if (_next == 0)
            {
                return false;
            }

            if (_next < 0)
            {
                (Current, _next) = (~_next, 0);
            }
            else
            {
                (Current, _next) = sources[_next];
            }

            return true;
        }
    }
}
