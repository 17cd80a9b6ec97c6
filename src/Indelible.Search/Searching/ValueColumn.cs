using System.Runtime.InteropServices;

namespace Indelible.Search;

/// <summary>The values at a path, row by row, as numbers: counting them in any set of rows touches no dictionary. Never changes.</summary>
internal sealed class ValueColumn
{
    /// <summary>The most values of one chunk that a column can hold.</summary>
    private const int MaxLocal = ushort.MaxValue;

    private static readonly TermKind[] s_kinds = [TermKind.String, TermKind.Number, TermKind.Word];

    // By row, 1 + the place in _numbers; 0 where there is none.
    private readonly ushort[] _first;

    // What rows have beyond their first value: the row in the upper 16 bits, as in _first in the lower.
    private readonly uint[] _more;

    // By place: the value's number in the table, and in how many rows it is.
    private readonly int[] _numbers;
    private readonly int[] _totals;

    private ValueColumn(int rows, ushort[] first, uint[] more, int[] numbers, int[] totals)
    {
        (Rows, _first, _more, _numbers, _totals) = (rows, first, more, numbers, totals);
        MaxNumber = numbers.Length == 0 ? -1 : numbers.Max();
    }

    /// <summary>How many rows of the index it was made of.</summary>
    public int Rows { get; }

    /// <summary>The greatest number in it; −1 where it is empty.</summary>
    public int MaxNumber { get; }

    /// <summary>What it takes in memory, about.</summary>
    public long MemoryBytes => (2L * _first.Length) + (4L * _more.Length) + (8L * _numbers.Length) + 100;

    /// <summary>Makes a column.</summary>
    /// <param name="path">The path.</param>
    /// <param name="rows">How many rows it is for.</param>
    /// <param name="indexes">What is there: one index, or that of what everybody sees and that of what is sealed.</param>
    /// <param name="table">Gives the numbers.</param>
    /// <param name="budget">What it costs is counted here.</param>
    /// <returns>Null where there are more values than a column, or the table, can hold.</returns>
    public static ValueColumn? Make(FieldPath path, int rows, ReadOnlySpan<ITermIndex> indexes, ValueTable table, SearchBudget budget)
    {
        var sources = new List<(ITermIndex Index, TermKind Kind)>();
        foreach (ITermIndex index in indexes)
        {
            sources.AddRange(s_kinds.Where(kind => index.CountTerms(path, kind) > 0).Select(kind => (index, kind)));
        }

        var maker = new Maker(rows, table, budget, hasOneSource: sources.Count == 1);
        foreach ((ITermIndex index, TermKind kind) in sources)
        {
            if (!maker.IsTooMany)
            {
                index.VisitTerms(path, kind, default, maker.OnTerm);
            }
        }

        return maker.IsTooMany ? null : maker.Make();
    }

    /// <summary>Counts the values of some rows.</summary>
    /// <param name="rows">The rows, all below <see cref="Rows"/>.</param>
    /// <param name="counts">By number; at least <see cref="MaxNumber"/> + 1.</param>
    public void Count(RowSet rows, Span<long> counts)
    {
        int count = rows.Count;
        if (count * 2 <= Rows)
        {
            CountRows(rows, counts, 1);
            return;
        }

        // More than half of all: it is less work to count all, which is known, and to take away the rest.
        for (int i = 0; i < _numbers.Length; i++)
        {
            counts[_numbers[i]] += _totals[i];
        }

        if (count < Rows)
        {
            RowSet rest = RowSet.Rent();
            rest.AddRange(0, Rows);
            rest.AndNot(rows);
            CountRows(rest, counts, -1);
            rest.Return();
        }
    }

    private void CountRows(RowSet rows, Span<long> counts, long each)
    {
        ReadOnlySpan<ulong> bits = rows.Bits;
        for (int word = Math.Max(0, rows.FirstFrom(0)) >> 6; word << 6 < Rows; word++)
        {
            for (ulong left = bits[word]; left != 0; left &= left - 1)
            {
                int local = _first[(word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left)];
                if (local > 0)
                {
                    counts[_numbers[local - 1]] += each;
                }
            }
        }

        foreach (uint more in _more)
        {
            if (rows.Contains((int)(more >> 16)))
            {
                counts[_numbers[(ushort)more - 1]] += each;
            }
        }
    }

    private sealed class Maker(int rows, ValueTable table, SearchBudget budget, bool hasOneSource)
    {
        private readonly ushort[] _first = new ushort[rows];
        private readonly List<uint> _more = [];
        private readonly List<int> _numbers = [];
        private readonly List<int> _totals = [];

        // Where two kinds or two indexes have the same value, it is one: 1 and "1" are counted together.
        private readonly Dictionary<int, ushort> _locals = [];

        public bool IsTooMany { get; private set; }

        public bool OnTerm(ReadOnlySpan<byte> term, in Postings postings)
        {
            budget.Charge(SearchBudget.TermWork + term.Length);
            int number = table.Add(term);
            if (number < 0 || !TryPlace(number, out ushort local))
            {
                IsTooMany = true;
                return false;
            }

            int added = 0;
            foreach (int row in postings)
            {
                if (row >= _first.Length)
                {
                    break;
                }

                ref ushort first = ref _first[row];
                if (first == 0)
                {
                    first = local;
                    added++;
                }
                else if (first != local)
                {
                    _more.Add((uint)row << 16 | local);
                }
            }

            _totals[local - 1] += added;
            return true;
        }

        public ValueColumn Make()
        {
            _more.Sort();
            var more = new List<uint>(_more.Count);
            foreach (uint one in _more)
            {
                if (more.Count == 0 || more[^1] != one)
                {
                    more.Add(one);
                    _totals[(ushort)one - 1]++;
                }
            }

            return new ValueColumn(_first.Length, _first, [.. more], [.. _numbers], [.. _totals]);
        }

        private bool TryPlace(int number, out ushort local)
        {
            if (hasOneSource)
            {
                return TryAppend(number, out local);
            }

            ref ushort place = ref CollectionsMarshal.GetValueRefOrAddDefault(_locals, number, out bool exists);
            local = place;
            if (exists)
            {
                return true;
            }

            bool hasRoom = TryAppend(number, out local);
            place = local;
            return hasRoom;
        }

        private bool TryAppend(int number, out ushort local)
        {
            local = 0;
            if (_numbers.Count == MaxLocal)
            {
                return false;
            }

            _numbers.Add(number);
            _totals.Add(0);
            local = (ushort)_numbers.Count;
            return true;
        }
    }
}
