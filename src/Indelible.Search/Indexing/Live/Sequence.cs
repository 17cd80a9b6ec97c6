using System.Runtime.CompilerServices;

namespace Indelible.Search;

/// <summary>Elements in the order in which they were added. One writer; readers see the first <see cref="Count"/>.</summary>
internal sealed class Sequence<T>(MemoryCount memory)
    where T : unmanaged
{
    /// <summary>Elements of a page.</summary>
    public const int PageElements = 4096;

    private T[][] _pages = [[]];
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds one.</summary>
    public void Add(T element)
    {
        int page = _count / PageElements;
        int place = _count % PageElements;
        if (page == _pages.Length || place == _pages[page].Length)
        {
            Grow(page, place);
        }

        _pages[page][place] = element;
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>The elements of one page that lie below a count.</summary>
    /// <param name="page">Which.</param>
    /// <param name="count">What <see cref="Count"/> was.</param>
    public ReadOnlySpan<T> Page(int page, int count) => Volatile.Read(ref _pages)[page].AsSpan(0, Math.Min(PageElements, count - (page * PageElements)));

    private void Grow(int page, int place)
    {
        T[][] pages = _pages;
        if (page == pages.Length)
        {
            Array.Resize(ref pages, page + 1);
        }
        else
        {
            pages = [.. pages];
        }

        // Only the first page grows: what follows a full one is likely to fill another.
        T[] grown = new T[page > 0 ? PageElements : Math.Min(PageElements, Math.Max(64, place * 2))];
        pages[page]?.CopyTo(grown, 0);
        pages[page] = grown;
        memory.Add((long)(grown.Length - place) * Unsafe.SizeOf<T>());
        Volatile.Write(ref _pages, pages);
    }
}
