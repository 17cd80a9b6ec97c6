using System.Net;
using Indelible.Engine.Storage;
using Indelible.Server.Limits;
using Xunit;

namespace Indelible.Server.Tests.Limits;

/// <summary>Rates of very many owners in a table that does not grow.</summary>
public sealed class TokenBucketsTests
{
    private const int Buckets = 1_024;

    private readonly StillClock _time = new();
    private readonly TokenBuckets _buckets;

    public TokenBucketsTests() => _buckets = new TokenBuckets(Buckets, TimeSpan.FromSeconds(5), _time, RandomSource.System);

    [Fact]
    public void A_full_bucket_holds_the_burst_and_then_gives_what_comes_in()
    {
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(TimeSpan.Zero, _buckets.TryTake(1, 10, 1)));
        TimeSpan wait = _buckets.TryTake(1, 10, 1);
        Assert.InRange(wait, TimeSpan.FromTicks(1), TimeSpan.FromSeconds(0.1));
        _time.Advance(wait);
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(1, 10, 1));
        Assert.NotEqual(TimeSpan.Zero, _buckets.TryTake(1, 10, 1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Enumerable.Range(0, 100).Count(_ => _buckets.TryTake(1, 10, 1) == TimeSpan.Zero));
    }

    [Fact]
    public void More_than_a_bucket_holds_may_be_taken_at_once_and_is_owed()
    {
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(1, 10, 10_000));
        Assert.InRange(_buckets.TryTake(1, 10, 0), TimeSpan.FromSeconds(995), TimeSpan.FromSeconds(995.1));
        _time.Advance(TimeSpan.FromSeconds(994));
        Assert.NotEqual(TimeSpan.Zero, _buckets.TryTake(1, 10, 1));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(1, 10, 1));
    }

    [Fact]
    public void What_was_let_in_is_counted_though_nothing_is_left_and_looking_costs_nothing()
    {
        _buckets.Take(1, 10, 60);
        _buckets.Take(1, 10, 60);
        Assert.InRange(_buckets.TryTake(1, 10, 0), TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7.1));
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(TimeSpan.Zero, _buckets.TryTake(2, 10, 0)));
        Assert.Equal(50, Enumerable.Range(0, 100).Count(_ => _buckets.TryTake(2, 10, 1) == TimeSpan.Zero));
    }

    [Fact]
    public void Owners_do_not_share()
    {
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(_buckets.OwnerOf("a"), 1, 100));
        Assert.NotEqual(TimeSpan.Zero, _buckets.TryTake(_buckets.OwnerOf("a"), 1, 1));
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(_buckets.OwnerOf("b"), 1, 1));
    }

    [Fact]
    public void An_exhausted_bucket_outlives_a_hundred_thousand_owners_who_have_hardly_used_theirs()
    {
        Assert.Equal(TimeSpan.Zero, _buckets.TryTake(7, 1, 1_000));
        for (ulong owner = 1_000; owner < 101_000; owner++)
        {
            Assert.Equal(TimeSpan.Zero, _buckets.TryTake(owner, 1, 1));
        }

        Assert.NotEqual(TimeSpan.Zero, _buckets.TryTake(7, 1, 1));
    }

    [Fact]
    public void The_table_does_not_grow()
    {
        GC.KeepAlive(_buckets.TryTake(1, 1, 1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong owner = 0; owner < 100_000; owner++)
        {
            _buckets.TryTake(owner, 1, 1);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task Takers_at_the_same_time_do_not_get_more_than_there_is()
    {
        int[] taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Enumerable.Range(0, 10_000).Count(_ => _buckets.TryTake(3, 1_000, 1) == TimeSpan.Zero))));
        Assert.Equal(5_000, taken.Sum());
    }

    [Fact]
    public void An_IPv6_address_counts_as_its_first_64_bits_and_a_mapped_one_as_the_IPv4_address()
    {
        Assert.Equal(OwnerOf("2001:db8:1:2::1"), OwnerOf("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        Assert.NotEqual(OwnerOf("2001:db8:1:2::1"), OwnerOf("2001:db8:1:3::1"));
        Assert.Equal(OwnerOf("192.0.2.1"), OwnerOf("::ffff:192.0.2.1"));
        Assert.NotEqual(OwnerOf("192.0.2.1"), OwnerOf("192.0.2.2"));
        Assert.NotEqual(OwnerOf("0.0.0.0"), OwnerOf("::1"));
    }

    private static ulong OwnerOf(string address) => RequestRates.OwnerOf(IPAddress.Parse(address));

    /// <summary>A clock that stands still unless it is set forward.</summary>
    private sealed class StillClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1_000_000_000;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks * TimeSpan.NanosecondsPerTick;
    }
}
