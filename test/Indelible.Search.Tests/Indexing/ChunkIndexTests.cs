using CsCheck;

namespace Indelible.Search.Tests.Indexing;

public sealed class ChunkIndexTests
{
    [Fact]
    public void Answers_as_the_entries_do_while_the_chunk_fills_and_from_its_file() => RandomEntries.Log(0, 300).Sample(
        log =>
        {
            using var indexed = new IndexedLog(log);
            new IndexQuestions(log, indexed.Builder.Index(null).Terms).AskAll();
            using ChunkIndex file = indexed.Open();
            new IndexQuestions(log, file.Terms).AskAll();
        },
        iter: 40);

    [Fact]
    public void Answers_as_the_entries_do_where_values_are_nearly_unique()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 5000).Select(RandomEntries.Ordinary)];
        using var indexed = new IndexedLog(log);
        using ChunkIndex file = indexed.Open();
        foreach (ITermIndex index in new[] { indexed.Builder.Index(null).Terms, file.Terms })
        {
            Assert.True(index.IsHashed(new FieldPath("id")));
            Assert.False(index.IsHashed(new FieldPath("actor", "id")));
            new IndexQuestions(log, index).AskAll();
        }
    }
}
