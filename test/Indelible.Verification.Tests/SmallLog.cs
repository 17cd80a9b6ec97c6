using System.Globalization;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Notes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>A data folder with everything that one can have: two sealed segments of 512, tail files, journal files, a vault, quarantine. Made once, never changed.</summary>
public sealed class SmallLog : IAsyncLifetime
{
    public const int SegmentSize = 512;
    public const string Root = "/data";

    private static readonly AppendCaller s_caller = new("app", "", 0, "test", null);
    private readonly string _temporary = Directory.CreateTempSubdirectory("indelible-test-").FullName;
    private string _vkeys = "";

    /// <summary>How many entries the log <c>main</c> has.</summary>
    public long Size { get; private set; }

    /// <summary>An earlier head of <c>main</c>, as a verifier may remember it.</summary>
    public VerifiedCheckpoint Earlier { get; private set; } = null!;

    /// <summary>Every entry of <c>main</c>.</summary>
    public IReadOnlyList<byte[]> Entries { get; private set; } = [];

    /// <summary>The folder as it was before the last entries were appended.</summary>
    internal MemoryDisk Old { get; private set; } = null!;

    /// <summary>The folder.</summary>
    internal MemoryDisk Disk { get; private set; } = null!;

    /// <summary>The vault, which SQLite wants on a disk of the system's.</summary>
    public string VaultFile => Path.Combine(_temporary, "vault.db");

    public static EngineOptions Options { get; } = new()
    {
        PublishInterval = TimeSpan.FromMilliseconds(10),
        SealInterval = TimeSpan.FromMilliseconds(5),
        Journal = new FileJournalOptions { FileBytes = 64 << 10, FilesKept = 1 },
    };

    public string VkeyOf(string log) => _vkeys.Split('\n').Single(line => line.StartsWith("test.example/logs/" + log + "+", StringComparison.Ordinal));

    public Ed25519NoteVerifier KeyOf(string log) => Ed25519NoteVerifier.FromVkey(VkeyOf(log));

    internal DataFolder Folder(MemoryDisk disk, string? vaultFile = null) => new(Root) { Disk = disk, VaultFile = vaultFile ?? VaultFile };

    /// <summary>Verifies a log as <c>indelible verify --data</c> does.</summary>
    internal async Task<VerificationReport> VerifyAsync(MemoryDisk disk, string log = "main", VerifiedCheckpoint? remembered = null)
    {
        using var source = new DataFolderLogSource(Folder(disk), log, KeyOf(log), VkeyOf(log), null);
        return (await new LogVerifier(KeyOf(log), source, new VerificationRequest { Remembered = remembered }).VerifyAsync(CancellationToken.None)).Report;
    }

    public async ValueTask InitializeAsync()
    {
        var disk = new MemoryDisk();
        await LogEngine.InitialiseAsync(Folder(disk), "test.example", ["main", "other"], SegmentSize, Options, TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);
        await using (LogEngine engine = await OpenAsync(disk))
        {
            _vkeys = string.Join('\n', engine.Logs.Select(log => log.Settings.Vkey));
            await AppendAsync(engine, "main", 0, 500);
            Earlier = VerifiedCheckpoint.Verify((await engine.Find("main")!.WaitForCheckpointAsync(500, CancellationToken.None)).Note.Span, KeyOf("main").Name, KeyOf("main"));
            await AppendAsync(engine, "main", 500, 20);
            await SealedAsync(disk, 1);
        }

        Old = disk.Copy();
        await using (LogEngine engine = await OpenAsync(disk))
        {
            await AppendAsync(engine, "main", 520, 520);
            await SealedAsync(disk, 2);

            // The other log fills the journal, until the file that holds what main has left is released: then that is in a tail file.
            string holding = JournalFiles(disk)[^1];
            for (int i = 0; string.CompareOrdinal(JournalFiles(disk)[0], holding) <= 0; i++)
            {
                await AppendAsync(engine, "other", i * 100, 100);
                await Task.Yield();
            }

            await AppendAsync(engine, "main", 1_040, 10);
            Size = 1_050;
            await engine.Find("main")!.WaitForCheckpointAsync(Size, CancellationToken.None);
            await engine.Find("other")!.WaitForCheckpointAsync(1, CancellationToken.None);
            Entries = [.. Enumerable.Range(0, (int)Size).Select(index => engine.Find("main")!.ReadEntry(index).ToArray())];
        }

        // A crash in the middle of a record, found at the next start, fills the quarantine.
        string journal = JournalFiles(disk)[^1];
        byte[] torn = [.. disk.Content[journal]];
        JournalFileContent content = FileJournal.ReadOnly(disk, journal);
        torn.AsSpan(4096, 60).CopyTo(torn.AsSpan((int)content.End));
        disk.Put(journal, torn);
        await using (LogEngine engine = await OpenAsync(disk))
        {
            await engine.Find("_access")!.WaitForCheckpointAsync(1, CancellationToken.None);
        }

        Disk = disk;
        Assert.Equal(Verdict.Valid, (await VerifyAsync(disk, remembered: Earlier)).Verdict);
        Assert.NotEmpty(disk.Files(Root + "/quarantine"));
        Assert.NotEmpty(disk.Files(Root + "/logs/main/tail"));
        Assert.Equal(2, disk.Files(Root + "/logs/main/segments").Count);
    }

    internal Task<LogEngine> OpenAsync(MemoryDisk disk) =>
        LogEngine.OpenAsync(Folder(disk), Options, TimeProvider.System, RandomSource.System, NullLoggerFactory.Instance);

    internal static Task AppendAsync(LogEngine engine, string log, int first, int count, string word = "x") => engine.AppendAsync(
        engine.Find(log)!,
        [.. Enumerable.Range(first, count).Select(i => Claim.Parse(Encoding.UTF8.GetBytes(
            $$"""{"schema":"audit/1","id":"e{{i.ToString(CultureInfo.InvariantCulture)}}","time":"2026-11-23T06:14:25Z","action":"test.run","outcome":"success","actor":{"id":"u","type":"user","name":"{{word}}"},"service":{"name":"t"} }""")))],
        s_caller,
        AppendOptions.Default,
        CancellationToken.None);

    private static string[] JournalFiles(MemoryDisk disk) =>
        [.. disk.Files(Root + "/journal").Where(path => path.EndsWith(".journal", StringComparison.Ordinal))];

    private static async Task SealedAsync(MemoryDisk disk, int count)
    {
        while (disk.Files(Root + "/logs/main/segments").Count(path => path.EndsWith(".segment", StringComparison.Ordinal)) < count)
        {
            await Task.Yield();
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_temporary, recursive: true);
        return ValueTask.CompletedTask;
    }
}
