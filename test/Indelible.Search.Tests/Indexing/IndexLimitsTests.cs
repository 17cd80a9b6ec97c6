using System.Globalization;
using System.Text;

namespace Indelible.Search.Tests.Indexing;

/// <summary>Entries that an index cannot take in whole: it says which.</summary>
public sealed class IndexLimitsTests
{
    [Fact]
    public void Beyond_the_most_paths_members_are_left_open_and_their_words_are_not()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 40).Select(row => Json(json =>
        {
            json.Append("\"data\":{");
            json.AppendJoin(',', Enumerable.Range(0, 500).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"m{row}.{i}\":\"word{row % 7} {i % 3}\"")));
            json.Append('}');
        }))];
        using var indexed = new IndexedLog(log);
        using ChunkIndex file = indexed.Open();
        foreach (ITermIndex index in new[] { indexed.Builder.Index(null).Terms, file.Terms })
        {
            Assert.Equal(0, Count(rows => index.AddUnindexed(null, rows)));
            Assert.Equal(0, Count(rows => index.AddUnindexed(new FieldPath("data"), rows)));
            Assert.Equal(0, Count(rows => index.AddUnindexed(new FieldPath("data", "m3.7"), rows)));
            Assert.Equal(8, Count(rows => index.AddUnindexed(new FieldPath("data", "m39.7"), rows)));
            Assert.Equal(40 / 7, Count(rows => index.AddWord("word5"u8, rows)));
        }
    }

    [Fact]
    public void Answers_stay_right_when_paths_values_and_names_are_too_many_or_too_long()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 60).Select(row => row switch
        {
            7 => "{\"id\":"u8.ToArray(),
            8 => "no JSON"u8.ToArray(),
            9 => [],
            10 => "{\"a\":\"\\ud800\",\"b\":\"end\"}"u8.ToArray(),
            11 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("[", 70)) + string.Concat(Enumerable.Repeat("]", 70))),
            _ => Json(json =>
            {
                json.Append(CultureInfo.InvariantCulture, $"\"name{new string('x', row * 40)}\":\"short {row}\",\"long\":\"{new string('y', row * 30)} end\",\"words\":\"a{new string('z', row * 5)}\"");
                json.Append(CultureInfo.InvariantCulture, $",\"number\":1{new string('0', row * 25)},\"list\":[");
                json.AppendJoin(',', Enumerable.Range(0, 300).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"v{(row * 300) + i}\",{i}")));
                json.Append("],\"data\":{");
                json.AppendJoin(',', Enumerable.Range(0, 400).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"p{row}-{i}\":{{\"q\":\"alice\"}}")));
                json.Append('}');
            }),
        })];
        using var indexed = new IndexedLog(log);
        new IndexQuestions(log, indexed.Builder.Index(null).Terms).AskAll();
        using ChunkIndex file = indexed.Open();
        new IndexQuestions(log, file.Terms).AskAll();
    }

    [Fact]
    public void Of_a_string_that_is_a_term_every_word_is_one_however_long()
    {
        string lengthened = new('\u023A', 500);
        byte[]?[] log = [Json(json => json.Append(CultureInfo.InvariantCulture, $"\"a\":\"{new string('x', 1000)}\"")), Json(json => json.Append(CultureInfo.InvariantCulture, $"\"b\":\"{lengthened}\""))];
        using var indexed = new IndexedLog(log);
        using ChunkIndex file = indexed.Open();
        foreach (ITermIndex index in new[] { indexed.Builder.Index(null).Terms, file.Terms })
        {
            Assert.False(index.IsHashed(new FieldPath("a")));
            Assert.Equal(1, Count(rows => index.AddWord(Encoding.UTF8.GetBytes(new string('x', 1000)), rows)));

            // Folded it has three bytes for each two: too long for a term, so that its path is one of hashes, where long words are asked for apart.
            Assert.True(index.IsHashed(new FieldPath("b")));
            Assert.Equal(1, Count(rows => index.AddIdentifiers(Phrase.From(lengthened)!, rows)));
        }
    }

    [Fact]
    public void When_a_chunk_takes_more_memory_than_it_may_the_rest_of_its_rows_are_left_open()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 3000).Select(RandomEntries.Ordinary)];
        using var indexed = new IndexedLog(log, maxMemory: 600_000);
        ITermIndex index = indexed.Builder.Index(null).Terms;
        int open = Count(rows => index.AddUnindexed(null, rows));
        Assert.InRange(open, 100, 2900);
        Assert.InRange(indexed.Builder.MemoryBytes, 600_000, 900_000);
        new IndexQuestions(log, index).AskAll();
        using ChunkIndex file = indexed.Open();
        Assert.Equal(open, Count(rows => file.Terms.AddUnindexed(new FieldPath("id"), rows)));
        new IndexQuestions(log, file.Terms).AskAll();
    }

    [Fact]
    public void An_index_of_few_rows_is_small()
    {
        var builder = new ChunkIndexBuilder(0);
        for (int row = 0; row < 10; row++)
        {
            builder.Append(RandomEntries.Ordinary(row));
        }

        Assert.InRange(builder.MemoryBytes, 1, 40_000);
    }

    [Fact]
    public void A_chunk_takes_65536_rows_and_no_more()
    {
        var builder = new ChunkIndexBuilder(65_536);
        for (int row = 0; row < 65_536; row++)
        {
            builder.Append("{\"a\":1}"u8);
        }

        Assert.Throws<InvalidOperationException>(() => builder.Append("{}"u8));
        Assert.Throws<InvalidOperationException>(builder.AppendMissing);
        ITermIndex index = builder.Index(null).Terms;
        Assert.Equal(65_536, index.CountEqual(new FieldPath("a"), TermKind.Number, "1"u8));
    }

    private static byte[] Json(Action<StringBuilder> members)
    {
        var json = new StringBuilder("{");
        members(json);
        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
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
