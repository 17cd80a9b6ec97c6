using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Storage.Tests;

/// <summary>What every segment store does; derived once for each driver.</summary>
public abstract class SegmentStoreContract
{
    [Fact]
    public async Task A_segment_is_listed_and_read_after_it_was_put()
    {
        ISegmentStore store = Open();
        await PutAsync(store, "main", 512, [1, 2, 3, 4]);
        await PutAsync(store, "main", 0, [5]);
        await PutAsync(store, "other", 256, [6]);
        Assert.Equal([0, 512], Open().List("main"));
        Assert.Empty(store.List("none"));
        using ISegmentContent content = Open().Open("main", 512);
        byte[] bytes = new byte[2];
        content.Read(1, bytes);
        Assert.Equal([2, 3], bytes);
        Assert.Equal(4, content.Length);
        Assert.Throws<StorageException>(() => content.Read(3, new byte[2]));
    }

    [Fact]
    public async Task A_segment_is_put_once_and_never_changes()
    {
        ISegmentStore store = Open();
        await PutAsync(store, "main", 0, [1]);
        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => PutAsync(store, "main", 0, [2]));
        Assert.Equal(StorageOutcome.NothingChanged, refused.Outcome);
        using ISegmentContent content = store.Open("main", 0);
        byte[] bytes = new byte[1];
        content.Read(0, bytes);
        Assert.Equal([1], bytes);
    }

    [Fact]
    public async Task A_segment_that_does_not_read_back_as_it_should_does_not_appear()
    {
        ISegmentStore store = Open();
        await Assert.ThrowsAsync<StorageException>(() => store.PutAsync(
            "main", 0, stream => stream.WriteByte(1), _ => throw new StorageException("not what was written", StorageOutcome.Damaged), CancellationToken.None).AsTask());
        Assert.Empty(store.List("main"));
        Assert.Throws<StorageException>(() => store.Open("main", 0));
        await PutAsync(store, "main", 0, [1]);
        Assert.Equal([0], store.List("main"));
    }

    [Fact]
    public async Task A_cancelled_put_leaves_no_segment()
    {
        ISegmentStore store = Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync("main", 0, stream => stream.WriteByte(1), _ => { }, new CancellationToken(canceled: true)).AsTask());
        Assert.Empty(store.List("main"));
    }

    protected abstract ISegmentStore Open();

    private static Task PutAsync(ISegmentStore store, string log, long first, byte[] bytes) =>
        store.PutAsync(log, first, stream => stream.Write(bytes), _ => { }, CancellationToken.None).AsTask();
}
