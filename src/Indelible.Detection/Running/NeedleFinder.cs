namespace Indelible.Detection;

/// <summary>Finds which of many texts stand anywhere in a text, in one pass over it.</summary>
/// <remarks>
/// Aho and Corasick, 1975: a tree of the needles in which each place knows where to go on for every byte, so that no byte is looked at twice. Bytes that are in no needle share a class, which
/// keeps the table small. Made once, then only read; thread-safe.
/// </remarks>
internal sealed class NeedleFinder
{
    private readonly byte[] _classes = new byte[256];
    private readonly int _classCount;
    private readonly int[] _next;
    private readonly int[]?[] _found;

    /// <param name="needles">The needles; none is empty.</param>
    public NeedleFinder(IReadOnlyList<byte[]> needles)
    {
        // UTF-8 has no more than 243 different bytes.
        byte[] used = [.. needles.SelectMany(needle => needle).Distinct().Order()];
        _classCount = used.Length + 1;
        for (int i = 0; i < used.Length; i++)
        {
            _classes[used[i]] = (byte)(i + 1);
        }

        int places = 1 + needles.Sum(needle => needle.Length);
        _next = new int[places * _classCount];
        _found = new int[]?[places];
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
            if (_found[place] is { } found)
            {
                foreach (int needle in found)
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
                if (_found[other] is { } also)
                {
                    _found[next] = [.. _found[next] ?? [], .. also];
                }

                queue.Enqueue(next);
            }
        }
    }
}

/// <summary>Receives the number of a needle.</summary>
internal delegate void NeedleVisitor<T>(int needle, ref T state)
    where T : allows ref struct;
