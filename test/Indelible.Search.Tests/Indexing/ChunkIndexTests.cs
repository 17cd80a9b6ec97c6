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

    [Fact]
    public void White_space_before_an_entry_changes_nothing_whatever_the_entry_is() => Gen.Select(RandomEntries.Log(1, 60), Gen.UInt).Sample(
        (log, seed) =>
        {
            // No entry that begins with white space is walked as a canonical one: what the fast walk takes in is compared with what a reader of JSON finds.
            var random = new Random((int)seed);
            byte[]?[] broken = [.. log.Select(entry => entry is null ? null : Broken(entry, random))];
            using var canonical = new IndexedLog(broken);
            using var read = new IndexedLog([.. broken.Select(entry => entry is null ? null : (byte[])[(byte)' ', .. entry])]);
            Assert.Equal(read.Write(), canonical.Write());
        },
        iter: 400);

    /// <summary>Half of all entries as they are, the others with some bytes changed, left out or put in.</summary>
    private static byte[] Broken(byte[] entry, Random random)
    {
        ReadOnlySpan<byte> marks = "\"\"\"\"{}[]::,,,\\ $-+.eE0123456789tfn\n\u00e9"u8;
        List<byte> bytes = [.. entry];
        for (int changes = random.Next(2) == 0 ? 0 : random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            byte mark = marks[random.Next(marks.Length)];
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = mark;
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, mark);
                    break;
                default:
                    bytes[at] = bytes[random.Next(bytes.Count)];
                    break;
            }
        }

        return [.. bytes];
    }
}
