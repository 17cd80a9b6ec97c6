using System.Text;

namespace Indelible.Search;

/// <summary>Values between two ends.</summary>
internal sealed class RangeClause : IndexClause
{
    /// <summary>So few rows are looked up in a column of times one by one.</summary>
    private const int FewRows = 64;

    private const int BlockRows = 128;

    private readonly ValueRange _range;
    private readonly AddressRange _addresses;
    private readonly long _from;
    private readonly long _to;
    private readonly byte[] _first;
    private readonly byte[]? _last;
    private TermKind _kind;
    private byte _lead;

    public RangeClause(FieldPath path, ValueRange range)
        : base(path)
    {
        _range = range;
        _first = range.Lower is null ? [] : Encoding.UTF8.GetBytes(range.Lower.Text);
        switch (range.Kind)
        {
            case RangeKind.Address:
                _addresses = range.Addresses;
                _first = _addresses.FirstTerm();
                break;
            case RangeKind.Time:
                (_from, _to) = (range.FromTicks, range.ToTicks);
                _first = Day(_from, -1);
                _last = Day(_to, 2);
                break;
        }
    }

    /// <summary>Whether it asks for instants.</summary>
    public bool IsTime => _range.Kind == RangeKind.Time;

    protected override bool EndsByTerms => true;

    public override void Find(in IndexQuestion question)
    {
        if (IsTime && question.Index.Times(Path!) is { } column)
        {
            FindTimes(column, question);
            return;
        }

        if (_range.Kind != RangeKind.Address)
        {
            AddHashedRows(question);
        }

        if (!FindTerms(question))
        {
            question.Index.AddExisting(Path!, question.Open);
        }
    }

    public override int Estimate(ITermIndex index, int rows)
    {
        if (IsTime && index.Times(Path!) is { } column)
        {
            return column.Greatest < _from || column.Least >= _to ? 0 : rows / 2;
        }

        return (rows / 4) + index.CountTerms(Path!, TermKind.String);
    }

    protected override bool Accepts(ReadOnlySpan<byte> term, ref bool goOn)
    {
        switch (_kind)
        {
            case TermKind.Address:
                goOn = !_addresses.IsBefore(term);
                return _addresses.Contains(term);
            case TermKind.Number:
                goOn = !_range.IsBelow(term);
                return _range.MatchesNumber(term);
            case TermKind.String when _range.Kind == RangeKind.Text:
                goOn = !_range.IsBelow(term);
                return _range.MatchesString(term);
            case TermKind.String when _range.Kind == RangeKind.Time:
                goOn = _last is null || term.SequenceCompareTo(_last) < 0;
                return goOn && _range.MatchesString(term);
            default:
                // A string that is a number begins with its sign or a digit.
                goOn = term.Length > 0 && (_lead == '-' ? term[0] == '-' : term[0] <= '9');
                return goOn && _range.MatchesString(term);
        }
    }

    /// <summary>A date that all strings of instants begin before, or behind: they may be of zones up to a day away.</summary>
    private static byte[] Day(long ticks, int days)
    {
        long shifted = ticks + (days * TimeSpan.TicksPerDay);
        return ticks == long.MaxValue || shifted > DateTime.MaxValue.Ticks
            ? ":"u8.ToArray()
            : Encoding.ASCII.GetBytes(TimeText.Format(Math.Max(0, shifted))[..10]);
    }

    private bool FindTerms(in IndexQuestion question)
    {
        switch (_range.Kind)
        {
            case RangeKind.Address:
                return Visit(question, _kind = TermKind.Address, _first);
            case RangeKind.Number:
                bool isWhole = Visit(question, _kind = TermKind.Number, _first);
                if (IsFew(question.Within, question.Index.CountTerms(Path!, TermKind.String)))
                {
                    return false;
                }

                _kind = TermKind.String;
                _lead = (byte)'-';
                isWhole = isWhole && Visit(question, TermKind.String, "-"u8);
                _lead = (byte)'0';
                return isWhole && Visit(question, TermKind.String, "0"u8);
            default:
                return Visit(question, _kind = TermKind.String, _first);
        }
    }

    private void FindTimes(ITimeColumn column, in IndexQuestion question)
    {
        column.AddUndecided(question.Open);
        if (column.Greatest < _from || column.Least >= _to)
        {
            return;
        }

        if (question.Within is { } within && within.Count <= FewRows)
        {
            FindFew(column, within, question);
        }
        else
        {
            column.AddBetween(_from, _to, question.Sure);
        }
    }

    private void FindFew(ITimeColumn column, RowSet within, in IndexQuestion question)
    {
        Span<long> times = stackalloc long[BlockRows];
        for (int row = within.FirstFrom(0); row >= 0 && row < question.Rows;)
        {
            int block = row / BlockRows;
            int count = column.Read(block, times);
            for (; row >= 0 && row / BlockRows == block; row = within.FirstFrom(row + 1))
            {
                int at = row % BlockRows;
                if (at < count && times[at] >= _from && times[at] < _to)
                {
                    question.Sure.Add(row);
                }
            }
        }
    }
}
