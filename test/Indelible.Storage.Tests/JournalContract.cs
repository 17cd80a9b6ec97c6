using System.Text;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Storage.Tests;

/// <summary>What every journal does; derived once for each driver.</summary>
public abstract class JournalContract
{
    [Fact]
    public async Task A_record_is_there_after_reopening_with_its_number_and_payload()
    {
        using (IJournal journal = Open())
        {
            Assert.Equal(0, await AppendAsync(journal, ("main", 0, 3)));
            Assert.Equal(1, await AppendAsync(journal, ("main", 3, 1), ("other", 0, 2)));
        }

        using IJournal again = Open();
        Assert.Equal(2, again.NextRecord);
        Assert.Equal(0, again.OldestRecord);
        JournalRecord[] records = [.. again.Read(0)];
        Assert.Equal([0, 1], records.Select(record => record.Number));
        IReadOnlyList<JournalBatch> batches = JournalGroup.Read(records[1].Payload);
        Assert.Equal(["main", "other"], batches.Select(batch => batch.Log));
        Assert.Equal(3, batches[0].FirstIndex);
        Assert.Equal(Entry("other", 1), Encoding.UTF8.GetString(batches[1].Entries[1].Span));
        Assert.Equal(2, await AppendAsync(again, ("main", 4, 1)));
    }

    [Fact]
    public async Task An_append_at_another_end_is_refused_and_writes_nothing()
    {
        using IJournal journal = Open();
        await AppendAsync(journal, ("main", 0, 3));
        await Assert.ThrowsAsync<JournalConflictException>(async () => await AppendAsync(journal, ("main", 2, 1)));
        await Assert.ThrowsAsync<JournalConflictException>(async () => await AppendAsync(journal, ("other", 0, 1), ("main", 4, 1)));
        Assert.Single(journal.Read(0));
        Assert.Equal(1, await AppendAsync(journal, ("other", 0, 1), ("main", 3, 1)));
    }

    [Fact]
    public async Task Any_part_of_a_payload_can_be_read_where_the_append_said_it_lies()
    {
        using IJournal journal = Open();
        for (int i = 0; i < 20; i++)
        {
            var ranges = new List<PayloadRange>();
            long record = await journal.AppendAsync([Batch("main", i * 5, 5), Batch("other", i * 2, 2)], ranges);
            Assert.Equal(7, ranges.Count);
            byte[] entry = new byte[ranges[6].Length];
            Assert.True(journal.Read(record, ranges[6].Offset, entry));
            Assert.Equal(Entry("other", (i * 2) + 1), Encoding.UTF8.GetString(entry));
            Assert.Equal(ranges, JournalGroup.Ranges(JournalGroup.Read(journal.Read(record).Single().Payload)));
        }
    }

    [Fact]
    public async Task Released_records_are_gone_and_the_others_stay()
    {
        using IJournal journal = Open();
        for (int i = 0; i < 40; i++)
        {
            await AppendAsync(journal, ("main", i * 200, 200));
        }

        long target = Math.Max(journal.ReleaseTarget, journal.OldestRecord + 1);
        await journal.ReleaseAsync(target);
        Assert.InRange(journal.OldestRecord, 0, target);
        Assert.Equal(40 - journal.OldestRecord, journal.Read(0).LongCount());
        Assert.Equal(journal.OldestRecord, journal.Read(0).First().Number);
        if (journal.OldestRecord > 0)
        {
            Assert.False(journal.Read(journal.OldestRecord - 1, 0, new byte[1]));
        }

        Assert.Equal(40, await AppendAsync(journal, ("main", 8000, 1)));
    }

    protected abstract IJournal Open();

    internal static string Entry(string log, long index) => $"{log}-{index}-{new string('x', (int)(index % 50))}";

    internal static JournalBatch Batch(string log, long first, int count) =>
        new(log, first, [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(Entry(log, first + i)))]);

    internal static async Task<long> AppendAsync(IJournal journal, params (string Log, long First, int Count)[] batches) =>
        await journal.AppendAsync([.. batches.Select(batch => Batch(batch.Log, batch.First, batch.Count))], []);
}
