using CsCheck;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Rows that were packed and are looked for among some: what is found is what both have, and whatever the bytes are, nothing else happens.</summary>
public sealed class PostingsFormTests
{
    private static readonly Gen<ushort[]> s_rows =
        from share in OneOf(1, 4, 40, 400, 4_000, 30_000)
        from first in Gen.Int[0, ushort.MaxValue]
        from span in OneOf(64, 300, 5_000, ushort.MaxValue)
        from rows in Gen.Int[0, span].Select(offset => (ushort)((first + offset) & ushort.MaxValue)).Array[Math.Min(share, span)]
        select rows.Distinct().Order().ToArray();

    [Fact]
    public void What_is_looked_for_in_packed_rows_is_what_both_have() => Gen.Select(s_rows, s_rows).Sample(
        (rows, wanted) =>
        {
            RowSet found = Found(Packed(rows), rows.Length, wanted);
            Assert.Equal(rows.Intersect(wanted).Order().Select(row => (int)row), All(found));
            found.Return();
        },
        iter: 300);

    [Fact]
    public void Packed_rows_with_wrong_bits_give_no_row_that_is_not_looked_for_and_at_worst_are_damaged() =>
        Gen.Select(s_rows, s_rows, Gen.Int[0, int.MaxValue], Gen.Byte[1, 255]).Where(drawn => drawn.Item1.Length > 0).Sample(
            (rows, wanted, at, change) =>
            {
                byte[] packed = Packed(rows);
                packed[at % packed.Length] ^= change;
                try
                {
                    RowSet found = Found(packed, rows.Length, wanted);
                    Assert.Empty(All(found).Except(wanted.Select(row => (int)row)));
                    found.Return();
                }
                catch (IndexDamagedException)
                {
                    // It said so.
                }
            },
            iter: 300);

    [Theory]
    [InlineData(4, 65_536, "Rows")]
    [InlineData(500, 65_536, "Packed")]
    [InlineData(4_096, 65_536, "Packed")]
    [InlineData(4_097, 65_536, "Bitmap")]
    [InlineData(61_440, 65_536, "Packed")]
    [InlineData(61_439, 65_536, "Bitmap")]
    [InlineData(65_532, 65_536, "Rows")]
    [InlineData(21, 320, "Bitmap")]
    public void Of_more_than_one_of_sixteen_rows_there_is_a_bitmap(int count, int rows, string layout) =>
        Assert.Equal(layout, PostingsForm.Of(count, rows).Layout.ToString());

    private static Gen<int> OneOf(params int[] numbers) => Gen.Int[0, numbers.Length - 1].Select(i => numbers[i]);

    private static byte[] Packed(ushort[] rows)
    {
        byte[] packed = new byte[rows.Length + ((rows.Length + 256 + 63) / 64 * sizeof(ulong))];
        PostingsForm.Pack(rows, packed);
        return packed;
    }

    private static RowSet Found(byte[] packed, int count, ushort[] wanted)
    {
        RowSet set = RowSet.Rent();
        set.Add(wanted);
        RowSet found = RowSet.Rent();
        try
        {
            PostingsForm.AddPacked(packed, count, set, found);
        }
        finally
        {
            set.Return();
        }

        return found;
    }

    private static List<int> All(RowSet rows)
    {
        var all = new List<int>();
        for (int row = rows.FirstFrom(0); row >= 0; row = rows.FirstFrom(row + 1))
        {
            all.Add(row);
        }

        return all;
    }
}
