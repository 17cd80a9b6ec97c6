using System.Text;
using Indelible.Engine.Storage;
using Xunit;

namespace Indelible.Storage.Tests;

/// <summary>What every checkpoint store does; derived once for each driver.</summary>
public abstract class CheckpointStoreContract
{
    [Fact]
    public async Task Swapped_records_are_there_after_reopening()
    {
        using (ICheckpointStore store = Open())
        {
            await store.SwapAsync([Swap("a", null, "a1"), Swap("b", null, "b1")]);
            await store.SwapAsync([Swap("a", "a1", "a2")]);
        }

        using ICheckpointStore again = Open();
        Assert.Equal("a2", Text(again, "a"));
        Assert.Equal("b1", Text(again, "b"));
        Assert.Equal(2, again.Load().Count);
    }

    [Fact]
    public async Task Of_two_racing_replacements_exactly_one_wins()
    {
        using ICheckpointStore store = Open();
        await store.SwapAsync([Swap("a", null, "size 10")]);
        bool[] won = await Task.WhenAll(
            Task.Run(() => TrySwapAsync(store, Swap("a", "size 10", "size 11, fork A"))),
            Task.Run(() => TrySwapAsync(store, Swap("a", "size 10", "size 11, fork B"))));
        Assert.Single(won, true);
        Assert.StartsWith("size 11, fork", Text(store, "a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_round_is_all_or_nothing_and_a_conflict_names_the_log()
    {
        using ICheckpointStore store = Open();
        await store.SwapAsync([Swap("a", null, "a1")]);
        CheckpointConflictException conflict = await Assert.ThrowsAsync<CheckpointConflictException>(
            () => store.SwapAsync([Swap("b", null, "b1"), Swap("a", "a0", "a2")]).AsTask());
        Assert.Contains(" a ", conflict.Message, StringComparison.Ordinal);
        Assert.Equal("a1", Text(store, "a"));
        Assert.False(store.Load().ContainsKey("b"));
        await Assert.ThrowsAsync<CheckpointConflictException>(() => store.SwapAsync([Swap("a", null, "a2")]).AsTask());
        await Assert.ThrowsAsync<CheckpointConflictException>(() => store.SwapAsync([Swap("c", "c1", "c2")]).AsTask());
    }

    [Fact]
    public async Task Many_rounds_leave_the_last_head_of_each_log()
    {
        string large = new('n', 20_000);
        using (ICheckpointStore store = Open())
        {
            for (int round = 0; round < 400; round++)
            {
                await store.SwapAsync([Swap("a", round == 0 ? null : $"{round - 1}{large}", $"{round}{large}")]);
            }

            await store.SwapAsync([Swap("b", null, "b1")]);
        }

        using ICheckpointStore again = Open();
        Assert.Equal($"399{large}", Text(again, "a"));
        Assert.Equal("b1", Text(again, "b"));
        await again.SwapAsync([Swap("b", "b1", "b2")]);
    }

    protected abstract ICheckpointStore Open();

    internal static CheckpointSwap Swap(string origin, string? previous, string next) =>
        new(origin, previous is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(previous), Encoding.UTF8.GetBytes(next));

    internal static string Text(ICheckpointStore store, string origin) => Encoding.UTF8.GetString(store.Load()[origin].Span);

    private static async Task<bool> TrySwapAsync(ICheckpointStore store, CheckpointSwap swap)
    {
        try
        {
            await store.SwapAsync([swap]);
            return true;
        }
        catch (CheckpointConflictException)
        {
            return false;
        }
    }
}
