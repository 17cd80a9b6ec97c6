using System.Security.Cryptography;
using System.Text;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Who writes, who reads, and who lets go, at the same time.</summary>
public sealed class IndexLifetimeTests
{
    private static readonly byte[]?[] s_log = [.. Enumerable.Range(0, 12_000).Select(RandomEntries.Ordinary)];

    [Fact]
    public void The_same_entries_give_the_same_file_whatever_was_asked_meanwhile()
    {
        using var indexed = new IndexedLog(s_log);
        byte[] file = indexed.Write();
        var again = new ChunkIndexBuilder(0);
        foreach (byte[]? entry in s_log)
        {
            again.Append(entry);
            if (again.Rows % 3000 == 0)
            {
                Answers.Of(again.Index(null).Terms);
                again.Write(Stream.Null, indexed.Identity with { Rows = again.Rows });
            }
        }

        using var copy = new MemoryStream();
        again.Write(copy, indexed.Identity);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(file)), Convert.ToHexString(SHA256.HashData(copy.ToArray())));
    }

    [Fact]
    public async Task Readers_see_the_rows_that_were_there_while_more_are_written()
    {
        var plain = new PlainIndex(isPersonal: false);
        Array.ForEach(s_log, entry => plain.Append(entry, entry));
        var builder = new ChunkIndexBuilder(0);
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(reader => Task.Run(() =>
        {
            int round = reader;
            do
            {
                ITermIndex view = builder.Index(null).Terms;
                Check(view, plain, round++);
            }
            while (!done.IsCancellationRequested);
        }))];
        foreach (byte[]? entry in s_log)
        {
            builder.Append(entry);
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Check(builder.Index(null).Terms, plain, 0);
    }

    [Fact]
    public void A_file_is_let_go_when_the_last_who_took_it_gives_it_back()
    {
        using var indexed = new IndexedLog(s_log);
        ChunkIndex index = indexed.Open();
        Assert.True(index.TryAcquire());
        index.Dispose();
        index.Dispose();
        Assert.True(index.TryAcquire());
        Assert.Equal(s_log.Length, Count(rows => index.Terms.AddExisting(new FieldPath("id"), rows)));
        index.Release();
        index.Release();
        Assert.False(index.TryAcquire());
        Assert.Throws<ObjectDisposedException>(() => Count(rows => index.Terms.AddExisting(new FieldPath("id"), rows)));
        Assert.Throws<ObjectDisposedException>(() => index.Terms.Times(new FieldPath("time"))!.Bounds(0));
    }

    [Fact]
    public async Task Whoever_asks_while_the_file_is_let_go_gets_an_answer_or_is_told()
    {
        using var indexed = new IndexedLog(s_log[..2000]);
        for (int round = 0; round < 20; round++)
        {
            ChunkIndex index = indexed.Open();
            Task reader = Task.Run(() =>
            {
                try
                {
                    while (true)
                    {
                        Assert.Equal(2000, Count(rows => index.Terms.AddExisting(new FieldPath("id"), rows)));
                        index.Terms.VisitWords([], (ReadOnlySpan<byte> _, in Postings rows) => rows.Count > 0);
                    }
                }
                catch (ObjectDisposedException)
                {
                    return;
                }
            });
            await Task.Yield();
            index.Dispose();
            await reader;
        }
    }

    [Fact]
    public void A_visitor_may_ask_the_index_that_it_visits()
    {
        using var indexed = new IndexedLog(s_log[..3000]);
        using ChunkIndex file = indexed.Open();
        foreach (ITermIndex index in new[] { indexed.Builder.Index(null).Terms, file.Terms })
        {
            var path = new FieldPath("actor", "id");
            int visited = 0;
            index.VisitTerms(path, TermKind.String, [], (ReadOnlySpan<byte> term, in Postings postings) =>
            {
                byte[] copy = term.ToArray();
                int rows = Count(into => index.AddEqual(path, TermKind.String, copy, into));
                index.VisitTerms(new FieldPath("action"), TermKind.String, [], (ReadOnlySpan<byte> _, in Postings others) => others.Count > 0);
                Assert.Equal(rows, postings.Count);
                RowSet again = RowSet.Rent();
                postings.AddTo(again);
                Assert.Equal(rows, again.Count);
                again.Return();
                visited++;
                return true;
            });
            Assert.Equal(300, visited);
        }
    }

    [Fact]
    public void Rows_whose_body_is_gone_have_nothing()
    {
        using var indexed = new IndexedLog([null, "{\"a\":1}"u8.ToArray(), null]);
        using ChunkIndex file = indexed.Open();
        foreach (ITermIndex index in new[] { indexed.Builder.Index(null).Terms, file.Terms })
        {
            Assert.Equal(3, index.Rows);
            Assert.Equal(1, Count(rows => index.AddExisting(new FieldPath(), rows)));
            Assert.Equal(0, Count(rows => index.AddUnindexed(null, rows)));
        }
    }

    private static void Check(ITermIndex view, PlainIndex plain, int round)
    {
        byte[] text = Encoding.UTF8.GetBytes($"u-{round % 300:D5}");
        var actor = new FieldPath("actor", "id");
        Same(view, rows => plain.AddEqual(actor, TermKind.String, text, rows), rows => view.AddEqual(actor, TermKind.String, text, rows));
        Same(view, rows => plain.AddWord("refused"u8, rows), rows => view.AddWord("refused"u8, rows));
        Same(view, rows => plain.AddWord("twice"u8, rows), rows => view.AddWord("twice"u8, rows));
        Same(view, rows => plain.AddExisting(new FieldPath("data", "note"), rows), rows => view.AddExisting(new FieldPath("data", "note"), rows));
        Same(view, rows => plain.AddEqual(new FieldPath("outcome"), TermKind.String, "failure"u8, rows), rows => view.AddEqual(new FieldPath("outcome"), TermKind.String, "failure"u8, rows));
        long from = new DateTime(2026, 11, 23, 6, 14, 2, DateTimeKind.Utc).Ticks;
        ITimeColumn times = plain.Times(new FieldPath("received_at"))!;
        Same(view, rows => times.AddBetween(from, from + 30_000_000, rows), rows => view.Times(new FieldPath("received_at"))!.AddBetween(from, from + 30_000_000, rows));
        if (view.Rows > 0)
        {
            int row = round * 31 % view.Rows;
            byte[] order = Encoding.UTF8.GetBytes($"order-{row}");
            var path = new FieldPath("data", "order");
            Same(view, rows => plain.AddEqual(path, TermKind.String, order, rows), rows =>
            {
                view.AddEqual(path, TermKind.String, order, rows);
                view.AddHashed(path, order, rows);
            });
        }

        var counted = new List<int>();
        view.VisitTerms(new FieldPath("targets", "count"), TermKind.Number, "490"u8, (ReadOnlySpan<byte> term, in Postings rows) =>
        {
            RowSet visited = RowSet.Rent();
            rows.AddTo(visited);
            Assert.Equal(rows.Count, visited.Count);
            Assert.True(visited.LastBelow(RowSet.MaxRows) < view.Rows);
            visited.Return();
            counted.Add(int.Parse(term, System.Globalization.CultureInfo.InvariantCulture));
            return true;
        });
        Assert.Equal(counted.Order(), counted);
    }

    private static void Same(ITermIndex view, Action<RowSet> plain, Action<RowSet> ask)
    {
        RowSet expected = RowSet.Rent();
        RowSet actual = RowSet.Rent();
        plain(expected);
        expected.Truncate(view.Rows);
        ask(actual);
        Assert.True(expected.Bits.SequenceEqual(actual.Bits), $"of {view.Rows} rows {expected.Count} were expected and {actual.Count} found");
        expected.Return();
        actual.Return();
    }

    private static int Count(Action<RowSet> ask)
    {
        RowSet rows = RowSet.Rent();
        ask(rows);
        int count = rows.Count;
        rows.Return();
        return count;
    }
}
