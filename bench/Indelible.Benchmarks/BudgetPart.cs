using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Indelible.Cli.Bench;
using Indelible.Engine;
using Indelible.Engine.Reading;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Sources;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Memory;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Privacy;
using Indelible.Proofs;
using Indelible.Server;
using Indelible.Server.Limits;

namespace Indelible.Benchmarks;

/// <summary>The steps of an append that are pure computation, one at a time on one thread: microseconds and allocated bytes an event.</summary>
internal sealed class BudgetPart(SuitePlan plan) : IMeasuredPart
{
    private const string Origin = "localhost:7480/logs/main";
    private const string ReceivedAt = "2026-11-01T00:00:00.0000000Z";
    private const int Keys = 800;
    private readonly BenchEvents _plain = Workload.Events(1);
    private readonly BenchEvents _personal = Workload.Events(1, 3);
    private readonly FixedKeys _keys = new();

    /// <inheritdoc/>
    public Task MeasureAsync(Results results, CancellationToken cancellationToken)
    {
        byte[][] events = Make(_plain);
        byte[][] personal = Make(_personal);
        Claim[] claims = [.. events.Select(json => Claim.Parse(json))];
        Claim[] personalClaims = [.. personal.Select(json => Claim.Parse(json))];
        byte[][] entries = [.. claims.Select(claim => Build(claim, "127.0.0.1").Bytes.ToArray())];
        Measure(results, "walk with Utf8JsonReader, to compare", i =>
        {
            var reader = new Utf8JsonReader(events[i]);
            while (reader.Read())
            {
            }
        });
        Measure(results, "parse, validate, canonical form", i => Claim.Parse(events[i]));
        Measure(results, "build the entry, nothing personal", i => Build(claims[i], null));
        Measure(results, "build the entry, caller's address sealed", i => Build(claims[i], "127.0.0.1"));
        Measure(results, "build the entry, address and three fields sealed", i => Build(personalClaims[i], "127.0.0.1"));
        Measure(results, "leaf hash", i => TreeHasher.Leaf(entries[i]));
        Hash leaf = TreeHasher.Leaf(entries[0]);
        Measure(results, "node hash", _ => TreeHasher.Node(leaf, leaf));
        ReceiptGroup group = new();
        Measure(results, "promise in the receipt tree", i => group.Add(Origin, i, leaf, ReceivedAt, claims[i].Id));
        Claim[] numbered = [.. events.Select((json, i) => Claim.Parse(Numbered(json, i)))];
        ProducerFacts[] facts = [.. numbered.Select(ProducerFacts.Of)];
        long received = Instant.Parse(ReceivedAt).UtcTicks;
        var sources = new LogSources();
        Measure(results, "read what it says of its producer", i => ProducerFacts.Of(numbered[i]));
        Measure(results, "fold it into the sources, on the sequencer's loop", i =>
        {
            sources.OwnerOf(facts[i].StreamId);
            sources.Apply(received++, "key:w_0123456789abcdef", facts[i], entries[i]);
        });
        var again = new LogSources();
        Measure(results, "fold a stored entry into the sources, at a start without the file", i => again.Apply(entries[i]));
        Measure(results, "read an entry back (sealer, verifier)", i => Entry.TryRead(entries[i], out _));
        using var tails = new MemoryTailStore();
        var log = new LogState("main", Origin, 65_536, 0, new MemoryJournal(), tails, new SegmentCache(1));
        var request = new AppendRequest(log, [new PreparedEntry(claims[0], Build(claims[0], null), ReceivedAt, leaf, ProducerFacts.Of(claims[0]))], new AppendCaller("", "", 0, "bench", null), partial: false);
        var fair = new FairQueue(EngineLimits.QueuedEntries, EngineLimits.QueuedBytes);
        Measure(results, "wait in the sequencer's queue and be taken, nobody else there", _ =>
        {
            fair.TryAdd(request);
            fair.TryTake(out AppendRequest? _);
        });
        fair.TryAdd(request);
        Measure(results, "the same, where the tenant has more waiting", _ =>
        {
            fair.TryAdd(request);
            fair.TryTake(out AppendRequest? _);
        });
        var buckets = new TokenBuckets(ServerLimits.RateBuckets, ServerLimits.RateBurst, TimeProvider.System, RandomSource.System);
        Measure(results, "a rate of one key, let in", _ => buckets.TryTake(buckets.OwnerOf("w_0123456789abcdef"), 1e9, 1));
        buckets.Take(1, 1, 1e9);
        Measure(results, "a rate of one address, refused", _ => buckets.TryTake(1, 1, 1));
        ulong address = 0;
        Measure(results, "a rate of ever new addresses in a full table", _ => buckets.TryTake(++address << 16, 1, 1));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _keys.Dispose();
        return ValueTask.CompletedTask;
    }

    private static byte[][] Make(BenchEvents events)
    {
        byte[][] made = new byte[4_096][];
        for (int i = 0; i < made.Length; i++)
        {
            events.Write(i, made[i] = new byte[events.EventBytes]);
        }

        return made;
    }

    /// <summary>An event as four processes number theirs, in turn.</summary>
    private static byte[] Numbered(byte[] json, int number) =>
    [
        .. json.AsSpan(0, Array.LastIndexOf(json, (byte)'}')),
        .. ",\"producer\":{\"seq\":"u8,
        .. Encoding.ASCII.GetBytes(((number / 4) + 1).ToString(CultureInfo.InvariantCulture)),
        .. ",\"stream_id\":\"01931c3e-7f3a-7c31-9a55-3f6d0c2b9e1"u8,
        (byte)('0' + (number % 4)),
        .. "\"}}"u8,
    ];

    private BuiltEntry Build(Claim claim, string? address) => EntryBuilder.Build(claim, new EntryContext
    {
        Origin = Origin,
        ReceivedAt = ReceivedAt,
        Ingest = new Ingest("api", "key:w_0123456789abcdef", "w_0123456789abcdef", 5, address),
        Salt = new byte[EntryBuilder.SaltSize],
        Keys = _keys,
        PersonalFields = PersonalFields.Default,
    });

    private void Measure(Results results, string name, Action<int> step)
    {
        TimeSpan time = TimeSpan.FromSeconds(Math.Min(1, plan.Duration.TotalSeconds));
        Run(step, time);   // Until the code is compiled for good.
        var meter = Stopwatch.StartNew();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long done = Run(step, time);
        results.Add("step: " + name, "µs", meter.Elapsed.TotalMicroseconds / done);
        results.Add("step: " + name + ", allocated", "bytes", (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / done);
    }

    private static long Run(Action<int> step, TimeSpan time)
    {
        long done = 0;
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time; done += 4_096)
        {
            for (int i = 0; i < 4_096; i++)
            {
                step(i);
            }
        }

        return done;
    }

    /// <summary>One key for each actor, in memory.</summary>
    private sealed class FixedKeys : IPersonalKeys, IDisposable
    {
        private readonly Dictionary<string, PersonalKey> _keys = new(Keys, StringComparer.Ordinal);

        public PersonalKey For(string subject)
        {
            if (!_keys.TryGetValue(subject, out PersonalKey? key))
            {
                _keys.Add(subject, key = new PersonalKey(new byte[PersonalKey.Size]));
            }

            return key;
        }

        public void Dispose()
        {
            foreach (PersonalKey key in _keys.Values)
            {
                key.Dispose();
            }
        }
    }
}
