using System.Text;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Storage.Tests;

/// <summary>What every tail store does; derived once for each driver.</summary>
public abstract class TailStoreContract
{
    [Fact]
    public void Appended_entries_are_loaded_and_read_after_reopening()
    {
        IReadOnlyList<TailLocation> locations;
        using (ITailStore store = Open())
        {
            locations = [.. store.Append("main", 256, Entries(256, 3)), .. store.Append("main", 259, Entries(259, 300))];
            store.Append("other", 0, Entries(0, 1));
        }

        using ITailStore again = Open();
        TailEntry[] loaded = [.. again.Load("main", null)];
        Assert.Equal(Enumerable.Range(256, 303).Select(i => (long)i), loaded.Select(entry => entry.Index));
        Assert.Equal(locations, loaded.Select(entry => entry.Location));
        byte[] bytes = new byte[Text(400).Length];
        Assert.True(again.Read("main", locations[400 - 256], bytes));
        Assert.Equal(Text(400), Encoding.UTF8.GetString(bytes));
        Assert.Empty(again.Load("none", null));
    }

    [Fact]
    public void Entries_go_on_where_the_tail_ends_and_nowhere_else()
    {
        using ITailStore store = Open();
        store.Append("main", 10, Entries(10, 5));
        Assert.Throws<StorageException>(() => store.Append("main", 14, Entries(14, 1)));
        Assert.Throws<StorageException>(() => store.Append("main", 16, Entries(16, 1)));
        store.Append("main", 15, Entries(15, 1));
        Assert.Equal(6, store.Load("main", null).Count());
    }

    [Fact]
    public void Dropping_forgets_sealed_entries_and_keeps_all_others()
    {
        using ITailStore store = Open();
        IReadOnlyList<TailLocation> first = store.Append("main", 0, Entries(0, 10));
        store.Drop("main", 5);
        Assert.Equal(Enumerable.Range(5, 5).Select(i => (long)i), store.Load("main", null).Select(entry => entry.Index).Where(index => index >= 5));
        store.Drop("main", 10);
        Assert.Empty(store.Load("main", null));
        Assert.False(store.Read("main", first[0], new byte[1]));
        store.Append("main", 20, Entries(20, 2));
        Assert.Equal([20, 21], store.Load("main", null).Select(entry => entry.Index));
    }

    protected abstract ITailStore Open();

    private static string Text(long index) => $"entry-{index}-{new string('t', (int)(index % 33))}";

    private static ReadOnlyMemory<byte>[] Entries(long first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(Text(first + i)))];
}
