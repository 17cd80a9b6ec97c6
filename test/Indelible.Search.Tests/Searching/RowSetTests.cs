using CsCheck;

namespace Indelible.Search.Tests.Searching;

public sealed class RowSetTests
{
    private static readonly Gen<int> s_row = Gen.OneOf(Gen.Int[0, 65_535], Gen.Int[0, 200], Gen.Int[65_300, 65_535], Gen.Int[0, 1023].Select(word => word * 64));

    private static readonly Gen<(int Kind, int[] Rows, int From, int To)> s_step = Gen.Select(Gen.Int[0, 10], s_row.Array[0, 40], s_row, s_row).Select(step =>
        // Long ranges are slow to compare, and no other than short ones.
        step.Item1 == 5 ? (step.Item1, step.Item2, step.Item3, Math.Min(step.Item4, step.Item3 + 300)) : step);

    [Fact]
    public void Rows_out_of_order_leave_nothing_in_a_set_that_is_given_back()
    {
        RowSet set = RowSet.Rent();
        set.Add([40_000, 3, 65_535, 70]);
        Assert.Equal(4, set.Count);
        set.Return();

        RowSet next = RowSet.Rent();
        Assert.True(next.IsEmpty);
        Assert.False(next.Bits.ContainsAnyExcept(0UL));
        next.Return();
    }

    [Fact]
    public void A_set_is_not_given_back_twice()
    {
        RowSet set = RowSet.Rent();
        set.Return();

        Assert.Throws<InvalidOperationException>(set.Return);
    }

    [Fact]
    public void A_set_is_the_set_that_it_should_be_after_any_steps() => s_step.Array[1, 20].Sample(
        steps =>
        {
            RowSet set = RowSet.Rent();
            var model = new SortedSet<int>();
            foreach ((int kind, int[] rows, int from, int to) in steps)
            {
                Step(set, model, kind, rows, from, to);
                Assert.Equal(model, All(set));
                Assert.Equal(model.Count, set.Count);
                Assert.Equal(model.Count(row => row >= from && row < to), set.CountBetween(from, to));
                Assert.Equal(model.Where(row => row < to).DefaultIfEmpty(-1).Max(), set.LastBelow(to));
                Assert.Equal(model.Count == 0, set.IsEmpty);
                Assert.Equal(model, All(set));
            }

            set.Return();
            RowSet again = RowSet.Rent();
            Assert.True(again.IsEmpty);
            Assert.Equal(-1, again.Bits.IndexOfAnyExcept(0UL));
            again.Return();
        },
        iter: 500);

    [Fact]
    public void Postings_are_the_same_rows_in_every_form() => Gen.Select(s_row.Array[0, 60], s_row.Array[0, 60]).Sample(
        (rows, others) =>
        {
            ushort[] ascending = [.. rows.Distinct().Order().Select(row => (ushort)row)];
            RowSet bits = Of(rows);
            RowSet other = Of(others);
            var array = Postings.Of(ascending);
            var bitmap = Postings.Of(bits.Bits, ascending.Length);
            Assert.Equal(rows.Intersect(others).Count(), array.CountIn(other));
            Assert.Equal(array.CountIn(other), bitmap.CountIn(other));
            Assert.Equal(Listed(array), Listed(bitmap));
            Assert.Equal(ascending.Select(row => (int)row), Listed(array));
            RowSet added = RowSet.Rent();
            array.AddTo(added);
            bitmap.AddTo(added);
            Assert.Equal(ascending.Length, added.Count);
            Assert.Equal(Enumerable.Range(0, 70), Listed(Postings.All(70)));
            Assert.Equal(others.Distinct().Count(row => row < 70), Postings.All(70).CountIn(other));
        },
        iter: 1000);

    private static void Step(RowSet set, SortedSet<int> model, int kind, int[] rows, int from, int to)
    {
        RowSet other = Of(rows);
        switch (kind)
        {
            case 0:
                set.Add([.. rows.Order().Select(row => (ushort)row)]);
                model.UnionWith(rows);
                break;
            case 1:
                set.Or(other);
                model.UnionWith(rows);
                break;
            case 2:
                set.And(other);
                model.IntersectWith(rows);
                break;
            case 3:
                set.AndNot(other);
                model.ExceptWith(rows);
                break;
            case 4:
                set.KeepBetween(from, to);
                model.RemoveWhere(row => row < from || row >= to);
                break;
            case 5:
                set.AddRange(from, to);
                model.UnionWith(Enumerable.Range(from, Math.Max(0, to - from)));
                break;
            case 6:
                set.AddBitmap(other.Bits[..(from / 64)]);
                model.UnionWith(rows.Where(row => row < from / 64 * 64));
                break;
            case 7:
                set.Truncate(from);
                model.RemoveWhere(row => row >= from);
                break;
            case 8:
                set.CopyFrom(other);
                model.Clear();
                model.UnionWith(rows);
                break;
            case 9:
                set.Clear();
                model.Clear();
                break;
            default:
                set.Add(from);
                model.Add(from);
                break;
        }

        other.Return();
    }

    private static RowSet Of(int[] rows)
    {
        RowSet set = RowSet.Rent();
        Array.ForEach(rows, set.Add);
        return set;
    }

    private static List<int> All(RowSet set)
    {
        var rows = new List<int>();
        for (int row = set.FirstFrom(0); row >= 0; row = set.FirstFrom(row + 1))
        {
            rows.Add(row);
        }

        return rows;
    }

    private static List<int> Listed(Postings postings)
    {
        var rows = new List<int>();
        foreach (int row in postings)
        {
            rows.Add(row);
        }

        return rows;
    }
}
