using System.Globalization;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Simulation.Faults;
using Indelible.Verification;
using Xunit;

namespace Indelible.Simulation;

/// <summary>A data folder on a simulated disk, the node on it, and what the world was promised by it.</summary>
/// <remarks>
/// Everything runs on the caller's thread, by turns (<see cref="EngineOptions.IsStepped"/>). The vault is a real SQLite file
/// and takes no part in faults: most persons of the events have their keys before a run begins, so a run seldom writes it.
/// </remarks>
internal sealed class SimulatedNode
{
    public const int SegmentSize = 256;
    public const string Root = "/data";
    private static readonly int s_people = 4;
    private LogEngine? _engine;

    public SimulatedNode(SimulatedDisk disk, string vaultFile, int seed)
    {
        Disk = disk;
        VaultFile = vaultFile;
        Seed = seed;
        Random = new SeededRandom(seed);
    }

    public static EngineOptions Options { get; } = new()
    {
        IsStepped = true,
        CheckpointRewriteBytes = 1024,
        Journal = new FileJournalOptions { FileBytes = 16 << 10, FilesKept = 2 },
    };

    public SimulatedDisk Disk { get; private set; }

    public string VaultFile { get; }

    private int Seed { get; }

    public SimulatedClock Clock { get; init; } = new();

    public SeededRandom Random { get; }

    public Promises Promises { get; init; } = new();

    public LoggedEvents Logged { get; private set; } = new();

    public LogEngine Engine => _engine ?? throw new InvalidOperationException("The node is closed.");

    public bool IsOpen => _engine is not null;

    private DataFolder Folder => new(Root) { Disk = Disk, VaultFile = VaultFile };

    public static SentEvent Event(string log, string id, string principal = "app", string note = "x") => new(log, principal, id, Claim.Parse(Encoding.UTF8.GetBytes(
        $$"""{"schema":"audit/1","id":"{{id}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"{{PersonOf(id)}}","type":"user","name":"Somebody"},"service":{"name":"tests"},"message":"{{note}}"}""")));

    public static IReadOnlyList<SentEvent> Events(string log, int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => Event(log, $"{log}-{i.ToString(CultureInfo.InvariantCulture)}"))];

    public Task<InitialisedFolder> InitialiseAsync(params string[] logs) =>
        LogEngine.InitialiseAsync(Folder, "sim.example", logs, SegmentSize, Options, Clock, Random, Logged);

    /// <summary>The next node on a disk that this one is gone from, bound by the same promises; this one's stay as they are.</summary>
    public SimulatedNode After(SimulatedDisk gone) => new(gone.Reopen(), VaultFile, Seed + 1) { Promises = Promises.Clone() };

    /// <summary>Opens the node.</summary>
    public async Task OpenAsync()
    {
        Logged = new LoggedEvents();
        _engine = await LogEngine.OpenAsync(Folder, Options, Clock, Random, Logged);
    }

    /// <summary>The world looks: every head shown is taken, every entry compared with what was promised.</summary>
    public void Look()
    {
        Promises.SeeHeads(Engine);
        Promises.Check(Engine);
    }

    public Task<AppendResult> QueueAsync(IReadOnlyList<SentEvent> events, bool partial = false)
    {
        var caller = new AppendCaller(events[0].Principal, "", Engine.System.Size, "test", null);
        return Engine.AppendAsync(Engine.Find(events[0].Log)!, [.. events.Select(e => e.Claim)], caller, new AppendOptions(partial), CancellationToken.None);
    }

    /// <summary>Appends one request in a group of its own.</summary>
    public async Task<AppendResult> AppendAsync(IReadOnlyList<SentEvent> events)
    {
        Task<AppendResult> queued = QueueAsync(events);
        await Engine.SequenceAsync();
        AppendResult result = await queued;
        Promises.Acknowledge(Engine, events, result);
        return result;
    }

    /// <summary>Stops as asked, with a last head.</summary>
    public async Task CloseAsync()
    {
        LogEngine engine = Engine;
        _engine = null;
        await engine.DisposeAsync();
        Promises.SeeHeads(engine);
        Promises.Restart();
    }

    /// <summary>The machine stops, and comes back with what the disk kept.</summary>
    public async Task CrashAsync(Random? keep)
    {
        Disk.Crash(keep);
        await AbandonAsync();
        Disk = Disk.Reopen();
    }

    /// <summary>The process is killed; the machine goes on.</summary>
    public async Task KillAsync()
    {
        Disk.Kill();
        await AbandonAsync();
        Disk = Disk.Reopen();
    }

    /// <summary>Verifies every log from outside: the files as they lie, by the keys pinned here.</summary>
    public async Task VerifyAsync()
    {
        foreach (LogReader log in Engine.Logs)
        {
            Ed25519NoteVerifier key = Ed25519NoteVerifier.FromVkey(log.Settings.Vkey);
            using var source = new DataFolderLogSource(Folder, log.Settings.Name, key, log.Settings.Vkey, null);
            (VerificationReport report, VerifiedCheckpoint? checkpoint, _) = await new LogVerifier(key, source).VerifyAsync(CancellationToken.None);
            Assert.True(report.Verdict == Verdict.Valid, string.Join(Environment.NewLine, report.Faults.Concat(report.Unclear)));
            Assert.Equal(log.Checkpoint.Head, checkpoint!.Head);
        }
    }

    /// <summary>Verifies a log from outside by a key of the caller's.</summary>
    public async Task<VerificationReport> VerifyAsync(string log, string vkey)
    {
        var key = Ed25519NoteVerifier.FromVkey(vkey);
        using var source = new DataFolderLogSource(Folder, log, key, vkey, null);
        return (await new LogVerifier(key, source).VerifyAsync(CancellationToken.None)).Report;
    }

    private static string PersonOf(string id) => "u-" + (id.Length % s_people).ToString(CultureInfo.InvariantCulture);

    /// <summary>Frees what the dead process held in this one; its disk answers nothing any more.</summary>
    private async Task AbandonAsync()
    {
        if (_engine is { } engine)
        {
            _engine = null;
            Promises.SeeHeads(engine);
            await engine.DisposeAsync();
        }

        Promises.Restart();
    }
}
