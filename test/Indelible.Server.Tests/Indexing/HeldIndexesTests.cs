using System.Text;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Search;
using Indelible.Server.Indexing;
using Indelible.Server.Tests.Api;
using Xunit;
using static Indelible.Server.Tests.Indexing.IndexedServer;

namespace Indelible.Server.Tests.Indexing;

/// <summary>Whoever can write the folder can make an index that passes for the log's; comparing it with the entries shows it.</summary>
public sealed class HeldIndexesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_passes_for_the_logs_and_says_something_else_than_its_entries_is_told(bool isPersonal)
    {
        await using TestServer server = await StartNewAsync();
        TestLog log = await server.NewLogAsync();
        await log.AppendManyAsync(600);
        await server.SettleAsync();
        var found = new List<IndexFileFinding>();

        await server.RestartAsync(() =>
        {
            using HeldFolder folder = HeldFolder.Take(new DataFolder(server.Folder), null, RandomSource.System);
            using HeldLog held = folder.Open(log.Name);
            Forge(folder, held, isPersonal);
            found.AddRange(new HeldIndexes(folder, _ => { }).Compare(held));
        });

        Assert.Equal(4, found.Count);
        IndexFileFinding told = Assert.Single(found, finding => finding.State != IndexFileState.Sound);
        Assert.Equal((256, isPersonal, IndexFileState.Different), (told.First, told.IsPersonal, told.State));
    }

    [Fact]
    public async Task A_folder_that_a_node_runs_on_is_not_taken()
    {
        await using TestServer server = await StartNewAsync();

        StorageException refused = Assert.Throws<StorageException>(() => HeldFolder.Take(new DataFolder(server.Folder), null, RandomSource.System));

        Assert.Equal(StorageOutcome.NothingChanged, refused.Outcome);
    }

    /// <summary>Writes an index of the second segment in which one entry is another, under the name of the true one.</summary>
    private static void Forge(HeldFolder folder, HeldLog log, bool isPersonal)
    {
        var entries = new HeldEntries(log);
        var builder = new ChunkIndexBuilder(256);
        var personal = new PersonalIndexBuilder(256);
        foreach (ReadOnlyMemory<byte> entry in log.ReadEntries(256))
        {
            bool isOther = builder.Rows == 101;
            byte[] clear = log.Decrypt(entry);
            builder.Append(isOther ? Replace(entry.ToArray(), "others", "nobody") : entry.Span);
            personal.Append(entry.Span, isOther ? Replace(clear, "Person", "Nobody") : clear);
        }

        ChunkIdentity identity = entries.IdentityOf(256);
        log.Files.Write(256, isPersonal, into =>
        {
            if (isPersonal)
            {
                personal.Write(into, identity, folder.DeriveKey(LogIndexes.PersonalKeyPurpose));
            }
            else
            {
                builder.Write(into, identity);
            }
        });
    }

    private static byte[] Replace(byte[] entry, string what, string by)
    {
        string text = Encoding.UTF8.GetString(entry);
        Assert.Contains(what, text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.Replace(what, by, StringComparison.Ordinal));
    }
}
