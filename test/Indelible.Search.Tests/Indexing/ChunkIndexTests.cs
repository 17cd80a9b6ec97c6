using CsCheck;

namespace Indelible.Search.Tests.Indexing;

public sealed class ChunkIndexTests
{
    [Fact]
    public void Answers_as_the_entries_do_while_the_chunk_fills() =>
        RandomEntries.Log(0, 300).Sample(log => new IndexQuestions(log, Build(log).Index(null).Terms).AskAll(), iter: 60);

    [Fact]
    public void Answers_as_the_entries_do_where_values_are_nearly_unique()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 9000).Select(RandomEntries.Ordinary)];
        ITermIndex index = Build(log).Index(null).Terms;
        Assert.True(index.IsHashed(new FieldPath("id")));
        Assert.False(index.IsHashed(new FieldPath("actor", "id")));
        new IndexQuestions(log, index).AskAll();
    }

    private static ChunkIndexBuilder Build(IReadOnlyList<byte[]?> log)
    {
        var builder = new ChunkIndexBuilder(0);
        foreach (byte[]? entry in log)
        {
            if (entry is null)
            {
                builder.AppendMissing();
            }
            else
            {
                builder.Append(entry);
            }
        }

        return builder;
    }
}
