using Indelible.Server.Limits;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>Where searches compute, and for how long at a time.</summary>
public sealed class ScanTurnsTests
{
    private readonly ForwardClock _clock = new();

    public ScanTurnsTests() => _clock.HoldTimestamps();

    [Fact]
    public async Task A_search_stays_where_it_is_while_it_is_short_and_goes_over_to_the_workers_when_it_is_long()
    {
        using var workers = new FairWorkers(1);
        var turns = new ScanTurns(workers, "acme", _clock);
        Assert.True(turns.NextAsync(TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);
        Assert.False(FairWorkers.IsWorker);

        _clock.Advance(TimeSpan.FromMicroseconds(ServerLimits.ShortWorkMicroseconds));
        await GoOnAsync();

        async Task GoOnAsync()
        {
            await turns.NextAsync(TestContext.Current.CancellationToken).ConfigureAwait(false);
            Assert.True(FairWorkers.IsWorker);
            Assert.True(turns.NextAsync(TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);
        }
    }

    [Fact]
    public async Task A_search_whose_asker_goes_away_while_it_waits_ends_at_its_turn()
    {
        using var workers = new FairWorkers(1);
        using var gate = new ManualResetEventSlim();
        using var asker = new CancellationTokenSource();
        Task<bool> held = workers.RunAsync("nobody", () =>
        {
            gate.Wait(TestContext.Current.CancellationToken);
            return true;
        });
        var turns = new ScanTurns(workers, "acme", _clock);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Task waiting = turns.NextAsync(asker.Token).AsTask();

        await asker.CancelAsync();
        Assert.False(waiting.IsCompleted);
        gate.Set();
        await held;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await turns.NextAsync(asker.Token));
    }

    [Fact]
    public async Task Long_searches_of_two_tenants_have_their_turns_one_after_the_other_however_many_one_tenant_has()
    {
        using var workers = new FairWorkers(1);
        var order = new List<string>();
        using var gate = new ManualResetEventSlim();
        Task<bool> held = workers.RunAsync("nobody", () =>
        {
            gate.Wait(TestContext.Current.CancellationToken);
            return true;
        });
        _clock.Advance(TimeSpan.FromSeconds(1));
        Task[] searches = [.. ((string[])["a1", "a2", "a3", "b1"]).Select(SearchAsync)];

        gate.Set();
        await Task.WhenAll([held, .. searches]);

        // Of tenant a there is always one in three: the only search of tenant b has every second turn until it has ended.
        Assert.Equal(["a1", "b1", "a2", "b1", "a3", "b1"], order.Take(6));
        Assert.Equal(12, order.Count);

        async Task SearchAsync(string name)
        {
            var turns = new ScanTurns(workers, name[..1], _clock);
            _clock.Advance(TimeSpan.FromSeconds(1));
            for (int part = 0; part < 3; part++)
            {
                await turns.NextAsync(TestContext.Current.CancellationToken).ConfigureAwait(false);
                order.Add(name);
                _clock.Advance(TimeSpan.FromMilliseconds(ServerLimits.SearchTurnMilliseconds));
            }
        }
    }
}
