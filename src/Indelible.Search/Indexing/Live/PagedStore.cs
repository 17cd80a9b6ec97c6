using System.Runtime.CompilerServices;

namespace Indelible.Search;

/// <summary>Elements in pages that never move: one writer adds, readers see what was there when they learned its address.</summary>
/// <remarks>
/// An address is a page and a place in it. Pages grow from few elements to many, so that the index of a small log is small; addresses therefore have gaps. Address 0 is never
/// given out. Whoever hands an address to a reader does so by a volatile write, after the element is written.
/// </remarks>
internal sealed class PagedStore<T>
    where T : unmanaged
{
    private const int FirstPage = 64;

    private readonly MemoryCount _memory;
    private readonly int _shift;
    private T[][] _pages;
    private int _page;
    private int _used = 1;

    /// <param name="memory">Counts the pages.</param>
    /// <param name="shift">Two to this power is how many elements the larger pages have, and the most that can be added at once.</param>
    public PagedStore(MemoryCount memory, int shift)
    {
        (_memory, _shift) = (memory, shift);
        _pages = [NewPage(FirstPage), [], []];
    }

    /// <summary>The element at an address.</summary>
    public ref T this[int address]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _pages[address >> _shift][address & ((1 << _shift) - 1)];
    }

    /// <summary>Elements that were added together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Slice(int address, int count) => _pages[address >> _shift].AsSpan(address & ((1 << _shift) - 1), count);

    /// <summary>Adds elements that lie beside each other; they are zero.</summary>
    /// <returns>The address of the first.</returns>
    public int Add(int count)
    {
        if (_used + count > _pages[_page].Length)
        {
            AddPage(count);
        }

        int address = (_page << _shift) + _used;
        _used += count;
        return address;
    }

    private void AddPage(int count)
    {
        if (_page + 1 == _pages.Length)
        {
            // Readers keep the pages that they have; the new array is seen by whoever learns of an address in it.
            T[][] pages = new T[_pages.Length * 2][];
            _pages.CopyTo(pages, 0);
            Volatile.Write(ref _pages, pages);
        }

        Volatile.Write(ref _pages[_page + 1], NewPage(Math.Min(1 << _shift, Math.Max(_pages[_page].Length * 4, count))));
        _page++;
        _used = 0;
    }

    private T[] NewPage(int size)
    {
        _memory.Add((long)size * Unsafe.SizeOf<T>());
        return new T[size];
    }
}
