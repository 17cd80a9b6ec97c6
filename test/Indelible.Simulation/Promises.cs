using System.Text;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Xunit;

namespace Indelible.Simulation;

/// <summary>An event whose outcome is of interest: who sent what, under which id.</summary>
internal sealed record SentEvent(string Log, string Principal, string Id, Claim Claim);

/// <summary>
/// Everything that the world was told by a log: receipts and heads. Whatever happens to the disk, a node that runs must stand by it.
/// </summary>
internal sealed class Promises
{
    private readonly Dictionary<(string Log, string Principal, string Id), AppendedEvent> _acknowledged = [];
    private readonly Dictionary<string, SortedDictionary<long, Hash>> _heads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<(string Log, string Principal, string Id)> _neverAppended = [];
    private readonly Dictionary<string, Progress> _progress = new(StringComparer.Ordinal);

    /// <summary>The same promises, to be tried in another way.</summary>
    public Promises Clone()
    {
        var copy = new Promises();
        foreach (KeyValuePair<(string, string, string), AppendedEvent> promise in _acknowledged)
        {
            copy._acknowledged.Add(promise.Key, promise.Value);
        }

        foreach ((string log, SortedDictionary<long, Hash> heads) in _heads)
        {
            copy._heads.Add(log, new SortedDictionary<long, Hash>(heads));
        }

        return copy;
    }

    public int Count => _acknowledged.Count;

    public IReadOnlyCollection<(string Log, string Principal, string Id)> Acknowledged => _acknowledged.Keys;

    public AppendedEvent? Find(SentEvent sent) => _acknowledged.GetValueOrDefault((sent.Log, sent.Principal, sent.Id));

    /// <summary>Takes the word that nothing of a request was appended; it holds until the events are sent again.</summary>
    public void NeverAppended(IEnumerable<SentEvent> sent)
    {
        foreach (SentEvent e in sent.Where(e => Find(e) is null))
        {
            _neverAppended.Add((e.Log, e.Principal, e.Id));
        }
    }

    /// <summary>Events are sent: from now on they may be in the log.</summary>
    public void Sent(IEnumerable<SentEvent> sent)
    {
        foreach (SentEvent e in sent)
        {
            _neverAppended.Remove((e.Log, e.Principal, e.Id));
        }
    }

    /// <summary>Takes an answer: every receipt in it verifies, and says the same as every one before.</summary>
    public void Acknowledge(LogEngine engine, IReadOnlyList<SentEvent> sent, AppendResult result)
    {
        if (result.Refused)
        {
            return;
        }

        Assert.Equal(sent.Count, result.Events.Count);
        var receiptsKey = Ed25519NoteVerifier.FromVkey(engine.Settings.ReceiptsVkey);
        for (int i = 0; i < sent.Count; i++)
        {
            AppendedEvent e = result.Events[i];
            if (e.Status == AppendStatus.Conflict)
            {
                continue;
            }

            Assert.Equal(sent[i].Id, e.Id);
            if (i == 0 || i == sent.Count - 1)
            {
                new DurableReceipt(
                    engine.Find(sent[i].Log)!.Settings.Origin, e.Index, e.LeafHash, e.ReceivedAt, e.Id, e.ReceiptPosition,
                    result.Receipts!.PathOf(e.ReceiptPosition), Encoding.UTF8.GetBytes(result.Receipts.Note)).Verify(receiptsKey);
            }

            if (Find(sent[i]) is { } earlier)
            {
                Assert.Equal((earlier.Index, earlier.LeafHash, earlier.ReceivedAt), (e.Index, e.LeafHash, e.ReceivedAt));
            }
            else
            {
                _acknowledged.Add((sent[i].Log, sent[i].Principal, sent[i].Id), e);
            }
        }
    }

    /// <summary>Takes the heads that a node shows: signed by the log's key, never two of a size.</summary>
    public void SeeHeads(LogEngine engine)
    {
        foreach (LogReader log in engine.Logs)
        {
            // The same note again needs no second look.
            if (_seen.TryGetValue(log.Settings.Name, out ReadOnlyMemory<byte> last) && last.Span.SequenceEqual(log.Checkpoint.Note.Span))
            {
                continue;
            }

            _seen[log.Settings.Name] = log.Checkpoint.Note;
            var shown = VerifiedCheckpoint.Verify(
                log.Checkpoint.Note.Span, log.Settings.Origin, Ed25519NoteVerifier.FromVkey(log.Settings.Vkey));
            if (!_heads.TryGetValue(log.Settings.Name, out SortedDictionary<long, Hash>? heads))
            {
                _heads.Add(log.Settings.Name, heads = []);
            }

            if (heads.TryGetValue(shown.Head.Size, out Hash root))
            {
                Assert.True(root == shown.Head.Root, $"log {log.Settings.Name} showed size {shown.Head.Size} with two roots");
            }
            else
            {
                heads.Add(shown.Head.Size, shown.Head.Root);
            }
        }
    }

    /// <summary>Forgets how far logs were checked: the node was opened anew and is checked from the first entry on.</summary>
    public void Restart() => _progress.Clear();

    /// <summary>Checks the entries that are new since the last check against everything promised.</summary>
    public void Check(LogEngine engine)
    {
        foreach ((string name, SortedDictionary<long, Hash> heads) in _heads)
        {
            LogReader? log = engine.Find(name);
            Assert.True(log is not null, $"log {name} showed a head and is gone");
            Assert.True(log.Size >= heads.Keys.Last(), $"log {name} has {log.Size} entries and showed a head of {heads.Keys.Last()}");
            if (!_progress.TryGetValue(name, out Progress? progress))
            {
                _progress.Add(name, progress = new Progress());
            }

            progress.Take(log, heads);
            Assert.True(log.Checkpoint.Head.Size >= progress.Published, $"log {name} showed {progress.Published} and shows {log.Checkpoint.Head.Size}");
            progress.Published = log.Checkpoint.Head.Size;
        }

        foreach ((string log, string principal, string id) in _neverAppended)
        {
            Assert.False(_progress.TryGetValue(log, out Progress? progress) && progress.Ids.ContainsKey((principal, id)), $"{id} of {principal} was said not to be in {log} and is");
        }

        foreach (((string log, string principal, string id), AppendedEvent promise) in _acknowledged)
        {
            Assert.True(_progress.TryGetValue(log, out Progress? progress), $"log {log} is gone");
            Assert.True(progress.Ids.TryGetValue((principal, id), out long index), $"{id} of {principal} was promised at {promise.Index} of {log} and is gone");
            Assert.True(index == promise.Index, $"{id} of {principal} was promised at {promise.Index} of {log} and is at {index}");
            Assert.True(progress.Leaves[(int)index] == promise.LeafHash, $"entry {index} of {log} is not the one promised");
        }
    }

    /// <summary>How far one log of one node was checked.</summary>
    private sealed class Progress
    {
        private readonly CompactRange _tree = new();
        private string _lastReceivedAt = "";

        public List<Hash> Leaves { get; } = [];

        public Dictionary<(string Principal, string Id), long> Ids { get; } = [];

        public long Published { get; set; }

        public void Take(LogReader log, SortedDictionary<long, Hash> heads)
        {
            for (long index = Leaves.Count; index < log.Size; index++)
            {
                ReadOnlyMemory<byte> entry = log.ReadEntry(index);
                Assert.True(Entry.TryRead(entry.Span, out EntryFacts facts));
                Assert.True(string.CompareOrdinal(facts.ReceivedAt, _lastReceivedAt) >= 0, $"entry {index} of {log.Settings.Name} was received before the one before");
                Assert.True(Ids.TryAdd((facts.Principal, facts.Id), index), $"{facts.Id} of {facts.Principal} is in {log.Settings.Name} at {index} and before");
                _lastReceivedAt = facts.ReceivedAt;
                Leaves.Add(TreeHasher.Leaf(entry.Span));
                _tree.Append(Leaves[^1]);
                if (heads.TryGetValue(index + 1, out Hash root))
                {
                    Assert.True(root == _tree.Root(), $"log {log.Settings.Name} showed another root for size {index + 1}");
                }
            }
        }
    }
}
