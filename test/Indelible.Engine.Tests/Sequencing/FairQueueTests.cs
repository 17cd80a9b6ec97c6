using Indelible.Engine.Reading;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage.Memory;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Privacy;
using Xunit;

namespace Indelible.Engine.Tests.Sequencing;

/// <summary>Who is let in, and whose turn it is.</summary>
public sealed class FairQueueTests
{
    private const int Most = 1_000;

    private static readonly PreparedEntry s_entry = NewEntry();

    private readonly Dictionary<string, LogState> _logs = new(StringComparer.Ordinal);
    private readonly FairQueue _queue = new(Most, 1L << 40);

    [Fact]
    public void Who_is_alone_may_use_all_of_it_and_no_more()
    {
        Assert.All(Enumerable.Range(0, 10), _ => Assert.True(_queue.TryAdd(Request("acme.billing", 100))));
        Assert.False(_queue.TryAdd(Request("acme.billing", 1)));
        Assert.False(_queue.TryAdd(Request("acme.sales", 1)));
        Assert.Equal(Most, _queue.Entries);
    }

    [Fact]
    public void A_full_queue_takes_others_up_to_their_share_and_whoever_has_nothing_waiting()
    {
        Assert.True(_queue.TryAdd(Request("noisy", Most)));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(_queue.TryAdd(Request("quiet", 100))));
        Assert.False(_queue.TryAdd(Request("quiet.too", 1)));
        Assert.False(_queue.TryAdd(Request("noisy", 1)));
        Assert.True(_queue.TryAdd(Request("third", Most)));
        Assert.False(_queue.TryAdd(Request("fourth", 1)));
        Assert.Equal(2_500, _queue.Entries);
    }

    [Fact]
    public void A_full_queue_of_bytes_is_shared_as_one_of_entries()
    {
        AppendRequest one = Request("noisy", 10);
        var queue = new FairQueue(Most, 10 * one.Bytes);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.True(queue.TryAdd(Request("noisy", 10))));
        Assert.False(queue.TryAdd(Request("noisy", 1)));
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(queue.TryAdd(Request("quiet", 10))));
        Assert.False(queue.TryAdd(Request("quiet", 1)));
    }

    [Fact]
    public void The_largest_request_is_taken_where_nothing_waits()
    {
        Assert.True(_queue.TryAdd(Request("acme", 5 * Most)));
        Assert.Equal(5 * Most, Take().Entries.Count);
        Assert.True(_queue.TryAdd(Request("acme", 5 * Most)));
    }

    [Fact]
    public void What_was_taken_makes_room_and_shares_are_of_those_who_wait()
    {
        Assert.True(_queue.TryAdd(Request("noisy", Most)));
        Assert.True(_queue.TryAdd(Request("quiet", 1)));
        Assert.Equal("quiet", Take().Log.Name);
        Assert.False(_queue.TryAdd(Request("noisy", 1)));
        Assert.Equal("noisy", Take().Log.Name);
        Assert.True(_queue.IsEmpty);
        Assert.False(_queue.TryTake(out _));
        Assert.True(_queue.TryAdd(Request("noisy", Most)));
    }

    [Fact]
    public void A_single_event_is_taken_before_the_batches_that_waited_longer()
    {
        Assert.All(Enumerable.Range(0, 3), _ => Assert.True(_queue.TryAdd(Request("noisy", 300))));
        Assert.True(_queue.TryAdd(Request("quiet", 1)));
        Assert.Equal(["quiet", "noisy", "noisy", "noisy"], TakeAll().Select(request => request.Log.Name));
    }

    [Fact]
    public void Tenants_with_much_waiting_are_taken_from_evenly_by_size_and_not_by_requests()
    {
        var queue = new FairQueue(100_000, 1L << 40);
        Assert.All(Enumerable.Range(0, 60), _ => Assert.True(queue.TryAdd(Request("batches", 500))));
        Assert.All(Enumerable.Range(0, 30_000), _ => Assert.True(queue.TryAdd(Request("singles", 1))));
        var taken = new Dictionary<string, int> { ["batches"] = 0, ["singles"] = 0 };
        for (int entries = 0; entries < 20_000;)
        {
            Assert.True(queue.TryTake(out AppendRequest? request));
            taken[request.Log.Name] += request.Entries.Count;
            entries += request.Entries.Count;
            Assert.InRange(taken["batches"] - taken["singles"], -700, 700);
        }
    }

    [Fact]
    public void A_log_keeps_the_order_of_its_requests_whoever_else_waits()
    {
        var random = new Random(7);
        string[] logs = ["a.x", "a.y", "b", "c.x", "c.y"];
        List<AppendRequest> added = [], taken = [];
        for (int i = 0; i < 5_000; i++)
        {
            AppendRequest request = Request(logs[random.Next(logs.Length)], random.Next(1, 60));
            if (_queue.TryAdd(request))
            {
                added.Add(request);
            }

            if (random.Next(2) == 0 && _queue.TryTake(out AppendRequest? next))
            {
                taken.Add(next);
            }
        }

        taken.AddRange(TakeAll());
        Assert.Equal(0, _queue.Entries);
        Assert.Equal(added.Count, taken.Count);
        Assert.NotEqual(added, taken);
        Assert.All(logs, log => Assert.Equal(added.Where(request => request.Log.Name == log), taken.Where(request => request.Log.Name == log)));
    }

    private static PreparedEntry NewEntry()
    {
        Claim claim = Claim.Parse("""{"schema":"audit/1","id":"a","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"u-1","type":"user"},"service":{"name":"tests"}}"""u8.ToArray());
        var context = new EntryContext
        {
            Origin = "test.example/logs/main",
            ReceivedAt = "2026-11-23T06:14:25.0000000Z",
            Ingest = new Ingest("test", "app", "", 0),
            Salt = new byte[EntryBuilder.SaltSize],
            Keys = new NobodysKeys(),
            PersonalFields = PersonalFields.Default,
        };
        Assert.True(EntryBuilder.TryBuild(claim, context, out BuiltEntry? entry, out _));
        return new PreparedEntry(claim, entry, context.ReceivedAt, TreeHasher.Leaf(entry.Bytes.Span), ProducerFacts.Of(claim));
    }

    /// <summary>A request of so many entries. They are all the same one: the queue counts them and looks no further.</summary>
    private AppendRequest Request(string log, int entries)
    {
        if (!_logs.TryGetValue(log, out LogState? state))
        {
            _logs.Add(log, state = new LogState(log, "test.example/logs/" + log, 256, 0, new MemoryJournal(), new MemoryTailStore(), new SegmentCache(1)));
        }

        return new AppendRequest(state, [.. Enumerable.Repeat(s_entry, entries)], new AppendCaller("", "", 0, "test", null), partial: false);
    }

    private AppendRequest Take() => _queue.TryTake(out AppendRequest? request) ? request : throw new InvalidOperationException("Nothing waits.");

    private List<AppendRequest> TakeAll()
    {
        var taken = new List<AppendRequest>();
        while (_queue.TryTake(out AppendRequest? request))
        {
            taken.Add(request);
        }

        return taken;
    }

    private sealed class NobodysKeys : IPersonalKeys
    {
        public PersonalKey For(string subject) => throw new InvalidOperationException("The event has no personal values.");
    }
}
