using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Many answers of an index, each as a sum: what two indexes of the same entries must have in common.</summary>
internal static class Answers
{
    private static readonly FieldPath[] s_paths =
    [
        new(), new("id"), new("actor", "id"), new("action"), new("data", "note"), new("data", "order"), new("data", "text"), new("targets", "id"), new("targets", "count"), new("source", "ip"),
        new("outcome"), new("time"), new("received_at"), new("salt"), new("nowhere"),
    ];

    /// <summary>Asks each question; an answer is null where the index says that it is damaged.</summary>
    public static List<ulong?> Of(ITermIndex index)
    {
        var answers = new List<ulong?>();
        var sum = new XxHash3();
        foreach (FieldPath path in s_paths)
        {
            Rows(rows => index.AddExisting(path, rows));
            Rows(rows => index.AddSealed(path, rows));
            Rows(rows => index.AddHashedRows(path, rows));
            Rows(rows => index.AddUnindexed(path, rows));
            Rows(rows => index.AddHashed(path, "order-77"u8, rows));
            Rows(rows => index.AddHashed(path, "2026-11-23T06:14:00.077Z"u8, rows));
            foreach (TermKind kind in Enum.GetValues<TermKind>())
            {
                Visit(visit => index.VisitTerms(path, kind, [], visit));
                Visit(visit => index.VisitTerms(path, kind, kind == TermKind.Number ? "250"u8 : "u-0015"u8, visit));
                Rows(rows => index.AddEqual(path, kind, kind == TermKind.Number ? "77"u8 : "u-00077"u8, rows));
                Rows(rows => index.AddEqual(path, kind, "login"u8, rows));
                Mattering((within, rows) => index.AddEqual(path, kind, "login"u8, rows, within));
                Sum(sum => sum.Append([(byte)index.CountTerms(path, kind), (byte)index.CountEqual(path, kind, "login"u8)]));
            }

            Times(index.Times(path));
        }

        Visit(visit => index.VisitWords([], visit));
        Visit(visit => index.VisitWords("a"u8, visit));
        foreach (string word in new[] { "aspirin", "refused", "77", "u", "absent" })
        {
            Rows(rows => index.AddWord(Encoding.UTF8.GetBytes(word), rows));
            Mattering((within, rows) => index.AddWord(Encoding.UTF8.GetBytes(word), rows, within));
            Rows(rows => index.AddIdentifiers(Phrase.From(word)!, rows));
        }

        Rows(rows => index.AddIdentifiers(Phrase.From("order 77")!, rows));
        return answers;

        void Sum(Action<XxHash3> ask)
        {
            sum.Reset();
            try
            {
                ask(sum);
                answers.Add(sum.GetCurrentHashAsUInt64());
            }
            catch (IndexDamagedException)
            {
                answers.Add(null);
            }
        }

        void Rows(Action<RowSet> ask)
        {
            RowSet rows = RowSet.Rent();
            Sum(sum =>
            {
                ask(rows);
                sum.Append(MemoryMarshal.AsBytes(rows.Bits));
            });
            rows.Return();
        }

        // One row of thirty matters; what is said of the others is not looked at.
        void Mattering(Action<RowSet, RowSet> ask)
        {
            RowSet within = RowSet.Rent();
            for (int row = 7; row < index.Rows; row += 30)
            {
                within.Add(row);
            }

            Rows(rows =>
            {
                ask(within, rows);
                rows.And(within);
            });
            within.Return();
        }

        void Visit(Action<TermVisitor> ask)
        {
            RowSet all = RowSet.Rent();
            Sum(sum =>
            {
                ask((ReadOnlySpan<byte> term, in Postings postings) =>
                {
                    RowSet rows = RowSet.Rent();
                    postings.AddTo(rows);
                    sum.Append(term);
                    sum.Append(BitConverter.GetBytes(postings.Count));
                    sum.Append(BitConverter.GetBytes(rows.FirstFrom(0)));
                    sum.Append(BitConverter.GetBytes(rows.LastBelow(RowSet.MaxRows)));
                    all.Or(rows);
                    rows.Return();
                    return true;
                });
                sum.Append(MemoryMarshal.AsBytes(all.Bits));
            });
            all.Return();
        }

        void Times(ITimeColumn? times)
        {
            if (times is null)
            {
                return;
            }

            Rows(times.AddUndecided);
            Rows(rows => times.AddBetween(0, long.MaxValue, rows));
            Rows(rows => times.AddBetween(0, new DateTime(2026, 11, 23, 6, 14, 0, 100, DateTimeKind.Utc).Ticks, rows));
            Sum(sum =>
            {
                long[] ticks = new long[128];
                for (int block = 0; block * 128 < index.Rows; block++)
                {
                    sum.Append(MemoryMarshal.AsBytes<long>(ticks.AsSpan(0, times.Read(block, ticks))));
                }
            });
        }
    }
}
