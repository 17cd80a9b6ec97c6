using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Publishing;
using Indelible.Engine.Reading;
using Indelible.Engine.Recovery;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Memory;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Privacy;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Simulation;

/// <summary>Two nodes on one journal and one checkpoint store: a misconfiguration today. The compares decide, and nobody forks.</summary>
public sealed class SharedJournalTests
{
    private const string Log = "a";
    private const string Origin = "sim.example/logs/a";
    private const int Seeds = 200;

    [Fact]
    public async Task Of_two_nodes_the_one_that_missed_something_stops_and_writes_nothing()
    {
        using var shared = new Shared(seed: 1);
        using var first = new SharingNode(shared);
        using var second = new SharingNode(shared);
        AppendResult appended = (await first.AppendAsync("1"))!;
        Assert.Equal(0, Assert.Single(appended.Events).Index);
        Assert.Null(await second.AppendAsync("2"));
        JournalConflictException conflict = Assert.IsType<JournalConflictException>(second.Failure);
        Assert.Equal(StorageOutcome.NothingChanged, conflict.Outcome);
        Assert.Equal(1, shared.Journal.NextRecord);
        await first.PublishAsync();
        Assert.Equal(1, first.Size);
        Assert.Equal(0, second.Size);
    }

    [Fact]
    public async Task Of_two_nodes_the_one_that_missed_a_head_shows_none_of_its_own()
    {
        using var shared = new Shared(seed: 1);
        using var first = new SharingNode(shared);
        await first.AppendAsync("1");
        using var second = new SharingNode(shared);
        await first.PublishAsync();
        await second.PublishAsync();
        Assert.IsType<CheckpointConflictException>(second.PublishingFailure);
        Assert.Equal(0, second.Shown.Size);
        Assert.Equal(1, first.Shown.Size);
    }

    [Fact]
    public async Task Whatever_two_nodes_do_in_whatever_order_the_log_has_one_history()
    {
        int conflicts = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            conflicts += await LiveAsync(seed);
        }

        Assert.True(conflicts > Seeds, $"{Seeds} seeds came to {conflicts} conflicts only");
    }

    private static async Task<int> LiveAsync(int seed)
    {
        using var shared = new Shared(seed);
        var random = new Random(seed);
        var nodes = new SharingNode[] { new(shared), new(shared) };
        var promised = new Dictionary<string, AppendedEvent>(StringComparer.Ordinal);
        var heads = new Dictionary<long, Hash>();
        int conflicts = 0;
        int next = 0;
        for (int step = 0; step < 60; step++)
        {
            int which = random.Next(2);
            SharingNode node = nodes[which];
            switch (random.Next(6))
            {
                case < 3:
                    string id = random.Next(4) == 0 ? random.Next(next + 1).ToString(CultureInfo.InvariantCulture) : (++next).ToString(CultureInfo.InvariantCulture);
                    if (await node.AppendAsync(id) is { } result)
                    {
                        AppendedEvent e = Assert.Single(result.Events);
                        Assert.True(promised.TryAdd(id, e) || promised[id].Index == e.Index, $"seed {seed}: {id} was promised two places");
                    }

                    break;
                case 3:
                    await node.PublishAsync();
                    break;
                default:
                    if (node.Failure is not null || node.PublishingFailure is not null || random.Next(3) == 0)
                    {
                        conflicts += node.Failure is JournalConflictException || node.PublishingFailure is CheckpointConflictException ? 1 : 0;
                        node.Dispose();
                        nodes[which] = new SharingNode(shared);
                    }

                    break;
            }

            Assert.True(node.Failure is null or JournalConflictException, $"seed {seed}: {node.Failure}");
            Assert.True(node.PublishingFailure is null or CheckpointConflictException, $"seed {seed}: {node.PublishingFailure}");
            Assert.True(heads.TryAdd(node.Shown.Size, node.Shown.Root) || heads[node.Shown.Size] == node.Shown.Root, $"seed {seed}: two roots of size {node.Shown.Size}");
        }

        foreach (SharingNode node in nodes)
        {
            node.Dispose();
        }

        using var last = new SharingNode(shared);
        Assert.All(promised.Values, promise => Assert.Equal(promise.LeafHash, last.LeafAt(promise.Index)));
        Assert.All(heads, head => Assert.Equal(head.Value, last.HeadAt(head.Key).Root));
        return conflicts;
    }

    /// <summary>What both nodes reach.</summary>
    private sealed class Shared : IDisposable
    {
        public Shared(int seed)
        {
            Random = new SeededRandom(seed);
            Signer = Ed25519NoteSigner.FromSeed(Origin, SHA256.HashData("log"u8));
            Receipts = Ed25519NoteSigner.FromSeed("sim.example/receipts", SHA256.HashData("receipts"u8));
            var head = new TreeHead(0, TreeHasher.EmptyRoot);
            byte[] note = SignedNote.Sign(new Checkpoint(Origin, head.Size, head.Root).Format(), Signer).ToBytes();
            Checkpoints.SwapAsync([new CheckpointSwap(Origin, null, note)]).AsTask().GetAwaiter().GetResult();
        }

        public SeededRandom Random { get; }

        public Ed25519NoteSigner Signer { get; }

        public Ed25519NoteSigner Receipts { get; }

        public MemoryJournal Journal { get; } = new();

        public MemoryCheckpointStore Checkpoints { get; } = new();

        public SimulatedClock Clock { get; } = new();

        public void Dispose()
        {
            Signer.Dispose();
            Receipts.Dispose();
            Journal.Dispose();
            Checkpoints.Dispose();
        }
    }

    /// <summary>The parts of a node that write, put together over shared stores and recovered from them.</summary>
    private sealed class SharingNode : IDisposable, IPersonalKeys
    {
        private readonly Shared _shared;
        private readonly MemoryTailStore _tails = new();
        private readonly LogState _state;
        private readonly Sequencer _sequencer;
        private readonly Publisher _publisher;
        private readonly PublishedCheckpoints _published = new();

        public SharingNode(Shared shared)
        {
            _shared = shared;
            _state = new LogState(Log, Origin, SimulatedNode.SegmentSize, 0, shared.Journal, _tails, new SegmentCache(1 << 20));
            foreach (JournalRecord record in shared.Journal.Read(0))
            {
                LogRecovery.Replay(record, (_, _) => _state);
            }

            ReadOnlyMemory<byte> note = shared.Checkpoints.Load()[Origin];
            TreeHead recorded = VerifiedCheckpoint.Verify(note.Span, Origin, Ed25519NoteVerifier.FromVkey(shared.Signer.VerifierKey)).Head;
            LogRecovery.CheckAgainst(_state, recorded);
            _published.Add(new PublishedCheckpoint(recorded, note));
            _sequencer = new Sequencer(shared.Journal, shared.Receipts, (_, _) => true, (_, _, _) => { }, _ => null, NullLogger<Sequencer>.Instance) { IsStepped = true };
            _publisher = new Publisher(shared.Checkpoints, TimeSpan.FromSeconds(1), shared.Clock, NullLogger<Publisher>.Instance);
            _publisher.Add(new PublishedLog(_state, shared.Signer, _published));
        }

        public Exception? Failure => _sequencer.Failure;

        public Exception? PublishingFailure => _publisher.Failure;

        public long Size => _state.DurableSize;

        public TreeHead Shown => _published.Latest!.Head;

        public Hash LeafAt(long index) => _state.ReadNode(0, index);

        public TreeHead HeadAt(long size) => _state.HeadAt(size);

        public Task PublishAsync() => _publisher.TurnAsync();

        /// <summary>Appends an event; null when the node takes nothing or could not write it.</summary>
        public async Task<AppendResult?> AppendAsync(string id)
        {
            Claim claim = SimulatedNode.Event(Log, id).Claim;
            byte[] salt = new byte[EntryBuilder.SaltSize];
            _shared.Random.Fill(salt);
            string receivedAt = Instant.Format(_shared.Clock.Now);
            var context = new EntryContext
            {
                Origin = Origin,
                ReceivedAt = receivedAt,
                Ingest = new Ingest("test", "app", "", 0),
                Salt = salt,
                Keys = this,
                PersonalFields = PersonalFields.Default,
            };
            Assert.True(EntryBuilder.TryBuild(claim, context, out BuiltEntry? entry, out _));
            var request = new AppendRequest(_state, [new PreparedEntry(claim, entry, receivedAt, TreeHasher.Leaf(entry.Bytes.Span), ProducerFacts.Of(claim))], new AppendCaller("", "", 0, "test", null), partial: false);
            try
            {
                _sequencer.Enqueue(request);
                await _sequencer.TurnAsync();
                return await request.Done.Task;
            }
            catch (NodeStoppedException e)
            {
                Assert.False(e.OutcomeUnknown);
                return null;
            }
        }

        public PersonalKey For(string subject) => new(SHA256.HashData(Encoding.UTF8.GetBytes(subject)));

        public void Dispose()
        {
            _sequencer.Dispose();
            _publisher.Dispose();
            _tails.Dispose();
        }
    }
}
