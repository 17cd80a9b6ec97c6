namespace Indelible.Engine.Sources;

/// <summary>An event's place: its leaf index, and when, by our clock and by the producer's. Ticks.</summary>
internal readonly record struct EventPlace(long Index, long ReceivedTicks, long TimeTicks);

/// <summary>What showed that numbers are missing.</summary>
public enum GapSign
{
    /// <summary>A higher number arrived.</summary>
    Jump,

    /// <summary>The producer said that it had given out more numbers.</summary>
    Stated,

    /// <summary>The stream that followed said so.</summary>
    Successor,
}

/// <summary>Consecutive numbers of a stream that had not arrived when a sign of later ones did. Closed when the last of them has.</summary>
internal sealed class SequenceGap
{
    private readonly List<(long First, long Last)> _pieces;   // what is missing, ascending

    public SequenceGap(long first, long last, GapSign sign, EventPlace? after, EventPlace before)
        : this(first, last, sign, after, before, null, [(first, last)])
    {
    }

    public SequenceGap(long first, long last, GapSign sign, EventPlace? after, EventPlace before, EventPlace? closed, List<(long First, long Last)> pieces)
    {
        First = first;
        Last = last;
        Sign = sign;
        After = after;
        Before = before;
        Closed = closed;
        _pieces = pieces;
        foreach ((long from, long to) in pieces)
        {
            Missing += to - from + 1;
        }
    }

    public long First { get; }

    public long Last { get; }

    public GapSign Sign { get; }

    /// <summary>The event of the next lower number; null where the gap begins the stream.</summary>
    public EventPlace? After { get; }

    /// <summary>The event that showed the gap.</summary>
    public EventPlace Before { get; }

    /// <summary>The event that closed it.</summary>
    public EventPlace? Closed { get; private set; }

    public long Missing { get; private set; }

    public IReadOnlyList<(long First, long Last)> Pieces => _pieces;

    /// <summary>Takes a number that has arrived after all.</summary>
    /// <returns>Whether it was missing.</returns>
    public bool TryFill(long number, in EventPlace place)
    {
        // As a rule late events come in order, and the first piece is the one.
        int at = 0;
        while (at < _pieces.Count && _pieces[at].Last < number)
        {
            at++;
        }

        if (at == _pieces.Count || _pieces[at].First > number)
        {
            return false;
        }

        (long first, long last) = _pieces[at];
        _pieces.RemoveAt(at);
        if (number < last)
        {
            _pieces.Insert(at, (number + 1, last));
        }

        if (first < number)
        {
            _pieces.Insert(at, (first, number - 1));
        }

        Missing--;
        if (Missing == 0)
        {
            Closed = place;
        }

        return true;
    }
}
