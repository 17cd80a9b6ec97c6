namespace Indelible.Detection;

/// <summary>Finds which of many texts stand anywhere in a text, in one pass over it.</summary>
/// <remarks>
/// Aho and Corasick, 1975: a tree of the needles in which each place knows where to go on for every byte, so that no byte is looked at twice. Bytes that are in no needle share a class, which
/// keeps the table small. Made once, then only read; thread-safe.
/// </remarks>
internal sealed class NeedleFinder
{
    // Beside its row: three numbers while the table is made, and a list.
    private const int PlaceBytes = (3 * sizeof(int)) + sizeof(long);

    private readonly byte[] _classes = new byte[256];
    private readonly int _classCount;
    private readonly int[] _next;
    private readonly int[]?[] _found;
    private readonly int[] _ends;   // by place, the longest end of what was read that is a needle; 0 where none is
    private readonly int[] _also;   // by place, the next shorter one

    /// <param name="needles">The needles; none is empty.</param>
    /// <exception cref="ArgumentException">They take a larger table than there can be: see <see cref="TableBytes"/>.</exception>
    public NeedleFinder(IReadOnlyList<byte[]> needles)
    {
        // UTF-8 has no more than 243 different bytes.
        byte[] used = [.. needles.SelectMany(needle => needle).Distinct().Order()];
        _classCount = used.Length + 1;
        for (int i = 0; i < used.Length; i++)
        {
            _classes[used[i]] = (byte)(i + 1);
        }

        long bytes = TableBytes(needles.Sum(needle => (long)needle.Length), used.Length);
        if (bytes > DetectionLimits.NeedleTableBytes)
        {
            throw new ArgumentException($"The needles take a table of {bytes} bytes; at most {DetectionLimits.NeedleTableBytes} are kept.", nameof(needles));
        }

        int places = 1 + needles.Sum(needle => needle.Length);
        _next = new int[places * _classCount];
        _found = new int[]?[places];
        _ends = new int[places];
        _also = new int[places];
        int count = 1;
        for (int i = 0; i < needles.Count; i++)
        {
            int place = 0;
            foreach (byte b in needles[i])
            {
                ref int next = ref _next[(place * _classCount) + _classes[b]];
                if (next == 0)
                {
                    next = count++;
                }

                place = next;
            }

            _found[place] = [.. _found[place] ?? [], i];
        }

        Link(count);
    }

    /// <summary>Bytes of the table that finds needles.</summary>
    /// <param name="needleBytes">Bytes of all needles together.</param>
    /// <param name="differentBytes">How many different bytes they have.</param>
    public static long TableBytes(long needleBytes, int differentBytes) => (1 + needleBytes) * (((1 + differentBytes) * sizeof(int)) + PlaceBytes);

    /// <summary>Finds needles.</summary>
    /// <param name="text">The text.</param>
    /// <param name="onNeedle">Called with the number of each needle, once for each place where it ends.</param>
    /// <param name="state">Given to it.</param>
    public void Find<T>(ReadOnlySpan<byte> text, ref T state, NeedleVisitor<T> onNeedle)
        where T : allows ref struct
    {
        int place = 0;
        foreach (byte b in text)
        {
            place = _next[(place * _classCount) + _classes[b]];
            for (int end = _ends[place]; end != 0; end = _also[end])
            {
                foreach (int needle in _found[end]!)
                {
                    onNeedle(needle, ref state);
                }
            }
        }
    }

    /// <summary>Completes the table: where no needle goes on, what the longest end of what was read that begins a needle goes on with.</summary>
    private void Link(int places)
    {
        int[] shorter = new int[places];
        var queue = new Queue<int>();
        for (int c = 0; c < _classCount; c++)
        {
            if (_next[c] != 0)
            {
                _ends[_next[c]] = _found[_next[c]] is null ? 0 : _next[c];
                queue.Enqueue(_next[c]);
            }
        }

        while (queue.TryDequeue(out int place))
        {
            for (int c = 0; c < _classCount; c++)
            {
                ref int next = ref _next[(place * _classCount) + c];
                int other = _next[(shorter[place] * _classCount) + c];
                if (next == 0)
                {
                    next = other;
                    continue;
                }

                shorter[next] = other;

                // Told by a link: lists of their own, of needles that are each the end of the next, would be as long as the square of these.
                _also[next] = _ends[other];
                _ends[next] = _found[next] is null ? _ends[other] : next;
                queue.Enqueue(next);
            }
        }
    }
}

/// <summary>Receives the number of a needle.</summary>
internal delegate void NeedleVisitor<T>(int needle, ref T state)
    where T : allows ref struct;
