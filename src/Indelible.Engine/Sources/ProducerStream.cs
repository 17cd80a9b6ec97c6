namespace Indelible.Engine.Sources;

/// <summary>What a stream said of the one that its instance wrote before.</summary>
public enum PreviousStream
{
    /// <summary>Nothing.</summary>
    NotNamed,

    /// <summary>The log has it.</summary>
    Known,

    /// <summary>The log has nothing of it, though numbers were given out: all of it is missing.</summary>
    Unseen,

    /// <summary>The log has nothing of it, or no longer: it cannot tell.</summary>
    Forgotten,

    /// <summary>It belongs to another principal, which this one cannot speak for.</summary>
    Foreign,
}

/// <summary>Counts that a log keeps of all its streams, the forgotten ones included.</summary>
internal sealed class GapTotals
{
    /// <summary>Open gaps.</summary>
    public long Gaps;

    /// <summary>Numbers missing in them: more than 64 bits can hold, where a producer wants it.</summary>
    public Int128 Missing;
}

/// <summary>One sequence of numbers of one process: which have arrived. Guarded by its log's <see cref="LogSources"/>.</summary>
/// <remarks>
/// Everything up to <see cref="Highest"/> has arrived, save what the open gaps say; at or below <see cref="Floor"/> nobody keeps
/// account any more, because gaps there were too many to be kept one by one: they count as open for ever.
/// </remarks>
internal sealed class ProducerStream(string id, Source source, GapTotals totals)
{
    private readonly GapTotals _totals = totals;

    public string Id { get; } = id;

    public Source Source { get; } = source;

    /// <summary>The first event; of a stream that its successor named and the log has nothing of, that one's.</summary>
    public EventPlace First { get; set; }

    public EventPlace Last { get; set; }

    public long Events { get; set; }

    /// <summary>The highest number that arrived or was stated; 0 for none.</summary>
    public long Highest { get; set; }

    /// <summary>The event that <see cref="Highest"/> is known from.</summary>
    public EventPlace? HighestAt { get; set; }

    public long Floor { get; set; }

    public bool IsEnded { get; set; }

    /// <summary>The number that it ended with.</summary>
    public long EndSequence { get; set; }

    /// <summary>Whether another stream named it as the one before.</summary>
    public bool IsFollowed { get; set; }

    /// <summary>The last number that its successor stated.</summary>
    public long StatedLast { get; set; }

    public string PreviousId { get; set; } = "";

    public long PreviousSequence { get; set; }

    public PreviousStream Previous { get; set; }

    /// <summary>Numbers that arrived again, in another event.</summary>
    public long Duplicates { get; set; }

    /// <summary>Numbers that arrived at or below <see cref="Floor"/>: late or again, nobody can tell.</summary>
    public long BelowFloor { get; set; }

    /// <summary>Events of numbers beyond the stream's end.</summary>
    public long AfterEnd { get; set; }

    /// <summary>Statements that contradict what arrived.</summary>
    public long Contradictions { get; set; }

    /// <summary>Events of other principals under this id, logged before the rule was kept.</summary>
    public long Foreign { get; set; }

    /// <summary>Open gaps, ascending.</summary>
    public List<SequenceGap> Open { get; } = [];

    /// <summary>The gaps closed lately, oldest first.</summary>
    public List<SequenceGap> Closed { get; } = [];

    /// <summary>All gaps ever closed.</summary>
    public long ClosedCount { get; set; }

    /// <summary>Open gaps that are only counted, all at or below <see cref="Floor"/>.</summary>
    public long CountedGaps { get; set; }

    /// <summary>Numbers missing in them.</summary>
    public long CountedMissing { get; set; }

    public long OpenCount => CountedGaps + Open.Count;

    public long Missing => CountedMissing + Open.Sum(gap => gap.Missing);

    /// <summary>Takes the number of an event.</summary>
    public void Take(long number, in EventPlace place)
    {
        if (IsEnded && number > EndSequence)
        {
            AfterEnd++;
        }

        if (number > Highest)
        {
            if (number > Highest + 1)
            {
                AddGap(Highest + 1, number - 1, GapSign.Jump, place);
            }

            Highest = number;
            HighestAt = place;
        }
        else if (number <= Floor)
        {
            BelowFloor++;
        }
        else if (!TryFill(number, place))
        {
            Duplicates++;
        }
    }

    /// <summary>Takes a statement of the highest number given out.</summary>
    public void State(long highest, GapSign sign, in EventPlace place)
    {
        if (highest < Highest)
        {
            return;   // What was stated earlier arrived later: nothing new.
        }

        if (highest > Highest)
        {
            AddGap(Highest + 1, highest, sign, place);
            Highest = highest;
            HighestAt = place;
        }
    }

    /// <summary>Takes its end.</summary>
    public void End(long number)
    {
        if (IsEnded || number < Highest)
        {
            Contradictions++;
        }

        EndSequence = IsEnded ? Math.Max(EndSequence, number) : number;
        IsEnded = true;
    }

    private void AddGap(long first, long last, GapSign sign, in EventPlace place)
    {
        Open.Add(new SequenceGap(first, last, sign, HighestAt, place));
        _totals.Gaps++;
        _totals.Missing += last - first + 1;
        if (Open.Count > EngineLimits.OpenGaps)
        {
            CountOldest();
        }
    }

    private bool TryFill(long number, in EventPlace place)
    {
        int at = Open.FindIndex(gap => gap.Last >= number);
        if (at < 0 || !Open[at].TryFill(number, place))
        {
            return false;
        }

        _totals.Missing--;
        SequenceGap gap = Open[at];
        if (gap.Closed is not null)
        {
            _totals.Gaps--;
            Open.RemoveAt(at);
            Closed.Add(gap);
            ClosedCount++;
            if (Closed.Count > EngineLimits.ClosedGaps)
            {
                Closed.RemoveAt(0);
            }
        }
        else
        {
            while (Open.Sum(open => open.Pieces.Count) > EngineLimits.GapPieces)
            {
                CountOldest();
            }
        }

        return true;
    }

    private void CountOldest()
    {
        SequenceGap oldest = Open[0];
        Open.RemoveAt(0);
        Floor = oldest.Last;
        CountedGaps++;
        CountedMissing += oldest.Missing;
    }
}
