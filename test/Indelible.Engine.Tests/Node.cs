using System.Globalization;
using System.Text;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Engine.Tests;

/// <summary>A data folder of small segments and small journal files, and the node on it, opened and closed at will.</summary>
internal sealed class Node : IAsyncDisposable
{
    public const int SegmentSize = 256;
    private static readonly AppendCaller s_caller = new("app", "", 0, "test", null);
    private LogEngine? _engine;

    private Node(TimeProvider time)
    {
        Time = time;
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("indelible-test-").FullName;

    public TimeProvider Time { get; }

    public string Data => Path.Combine(Folder, "data");

    public LogEngine Engine => _engine ?? throw new InvalidOperationException("The node is closed.");

    public InitialisedFolder Made { get; private set; } = null!;

    public static EngineOptions Options { get; } = new()
    {
        PublishInterval = TimeSpan.FromMilliseconds(20),
        SealInterval = TimeSpan.FromMilliseconds(10),
        Journal = new FileJournalOptions { FileBytes = 64 << 10, FilesKept = 2 },
    };

    public static Task<Node> CreateAsync(TimeProvider? time = null, params string[] logs) => CreateAsync(SegmentSize, time, logs);

    public static async Task<Node> CreateAsync(int segmentSize, TimeProvider? time = null, params string[] logs)
    {
        var node = new Node(time ?? TimeProvider.System);
        node.Made = await LogEngine.InitialiseAsync(
            new DataFolder(node.Data), "test.example", logs.Length == 0 ? ["main"] : logs, segmentSize, Options, node.Time, RandomSource.System, NullLoggerFactory.Instance);
        await node.OpenAsync();
        return node;
    }

    public static Claim ClaimOf(string id, string actor = "u-1", string note = "x") => Claim.Parse(Encoding.UTF8.GetBytes(
        $$"""{"schema":"audit/1","id":"{{id}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"{{actor}}","type":"user","name":"Name of {{actor}}"},"service":{"name":"tests"},"message":"{{note}}"}"""));

    public async Task OpenAsync() => _engine = await LogEngine.OpenAsync(new DataFolder(Data), Options, Time, RandomSource.System, NullLoggerFactory.Instance);

    public async Task CloseAsync()
    {
        await Engine.DisposeAsync();
        _engine = null;
    }

    public async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public LogReader Log(string name = "main") => Engine.Find(name)!;

    public Task<AppendResult> AppendAsync(string log, IReadOnlyList<Claim> claims, bool partial = false, string principal = "app") =>
        Engine.AppendAsync(Log(log), claims, s_caller with { Principal = principal }, new AppendOptions(partial), CancellationToken.None);

    public Task<AppendResult> AppendAsync(string log, long first, int count) =>
        AppendAsync(log, [.. Enumerable.Range(0, count).Select(i => ClaimOf(IdOf(first + i)))]);

    public static string IdOf(long index) => "event-" + index.ToString(CultureInfo.InvariantCulture);

    public Ed25519NoteVerifier KeyOf(string log) => Ed25519NoteVerifier.FromVkey(Log(log).Settings.Vkey);

    /// <summary>Checks everything that the log shows: each entry, each leaf, each proof under a checkpoint verified with the log's key.</summary>
    public async Task CheckAsync(string name, long size)
    {
        LogReader log = Log(name);
        Assert.Equal(size, log.Size);
        var checkpoint = VerifiedCheckpoint.Verify((await log.WaitForCheckpointAsync(size, CancellationToken.None)).Note.Span, log.Settings.Origin, KeyOf(name));
        Assert.Equal(size, checkpoint.Head.Size);
        var tree = new CompactRange();
        string lastReceivedAt = "";
        for (long index = 0; index < size; index++)
        {
            ReadOnlyMemory<byte> entry = log.ReadEntry(index);
            Assert.True(Entry.TryRead(entry.Span, out EntryFacts facts));
            Assert.True(string.CompareOrdinal(facts.ReceivedAt, lastReceivedAt) >= 0);
            lastReceivedAt = facts.ReceivedAt;
            Hash leaf = TreeHasher.Leaf(entry.Span);
            Assert.Equal(leaf, log.ReadLeafHash(index));
            tree.Append(leaf);
            if (index % 61 == 0 || index > size - 3)
            {
                Assert.True(InclusionProof.Verify(leaf, index, checkpoint.Head, log.ProveInclusion(index, size)));
            }
        }

        Assert.Equal(tree.Head(), checkpoint.Head);
    }

    public async Task WaitUntilAsync(Func<bool> condition, string what)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            Assert.Null(Engine.Failure);
            timeout.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.True(condition(), what);
    }

    public async ValueTask DisposeAsync()
    {
        if (_engine is not null)
        {
            await CloseAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
