using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Indelible.Engine.Backup;
using Indelible.Engine.Reading;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Tiles;
using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>Sources that would keep a verifier busy for ever: sizes that nobody has, answers that do not come.</summary>
public sealed class HostileSourceTests(SmallLog log) : IClassFixture<SmallLog>
{
    [Theory]
    [InlineData(1L << 40)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 255)]
    public async Task A_signed_size_that_nothing_lies_under_is_not_looked_for_to_its_end(long size)
    {
        VerificationReport report = (await new LogVerifier(SigningKey.Verifier, new Boasting(size, log.Entries)).VerifyAsync(CancellationToken.None)).Report;
        Assert.Equal(Verdict.NotValid, report.Verdict);
        Assert.Contains(report.Faults, fault => fault.Where.StartsWith("tile/entries/004", StringComparison.Ordinal));
        Assert.Contains(report.NotChecked, line => line.Contains("taken to end there", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_data_folder_under_such_a_size_is_not_valid_either()
    {
        MemoryDisk disk = log.Disk.Copy();
        using var source = new Overstated(new DataFolderLogSource(log.Folder(disk), "main", log.KeyOf("main"), log.VkeyOf("main"), null), long.MaxValue);
        VerificationReport report = (await new LogVerifier(SigningKey.Verifier, source).VerifyAsync(CancellationToken.None)).Report;
        Assert.Equal(Verdict.NotValid, report.Verdict);
    }

    [Fact]
    public async Task Entries_behind_one_missing_segment_are_still_read()
    {
        const int MissingBundles = 256;
        VerificationReport report = (await new LogVerifier(SigningKey.Verifier, new Gapped(MissingBundles, log.Entries)).VerifyAsync(CancellationToken.None)).Report;
        Assert.Contains(report.Faults, fault => fault.What == "bundle");
        Assert.Contains(report.Faults, fault => fault.What == "entry" && fault.Where.StartsWith($"index {MissingBundles * 256} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1_050, Verdict.Valid)]
    [InlineData(1_051, Verdict.NotValid)]
    [InlineData(long.MaxValue, Verdict.NotValid)]
    public async Task Entries_of_a_backup_that_no_head_covers_yet_are_all_there_or_it_is_not_valid(long promised, Verdict verdict)
    {
        string note = Encoding.UTF8.GetString(log.Earlier.Note.Span);
        var said = new BackedUpLog("main", log.KeyOf("main").Name, log.VkeyOf("main"), log.Earlier.Head.Size, log.Earlier.Head.Root.ToBase64(), note, promised, Frozen: false);
        using var source = new BackupLogSource(said, FolderLog.Open(log.Folder(log.Disk), "main", said.Origin));
        VerificationReport report = (await new LogVerifier(log.KeyOf("main"), source).VerifyAsync(CancellationToken.None)).Report;
        Assert.Equal(verdict, report.Verdict);
        Assert.Equal(verdict == Verdict.Valid, report.NotChecked.Any(line => line.Contains("no checkpoint covered them yet", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_answer_that_never_ends_is_given_up()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        Task drip = DripAsync(server, TestContext.Current.CancellationToken);
        using var http = new HttpClient();
        var source = new HttpLogSource(http, new Uri($"http://{server.LocalEndpoint}/logs/main"), null) { Patience = TimeSpan.FromSeconds(1) };
        VerificationReport report = (await new LogVerifier(SigningKey.Verifier, source).VerifyAsync(TestContext.Current.CancellationToken)).Report;
        Assert.Equal(Verdict.CouldNotTell, report.Verdict);
        Assert.Contains("no whole answer within 1 s", Assert.Single(report.Unclear).Detail, StringComparison.Ordinal);
        await drip;
    }

    /// <summary>Answers with a length, then a byte now and then, for as long as somebody listens.</summary>
    private static async Task DripAsync(TcpListener server, CancellationToken cancellationToken)
    {
        using TcpClient client = await server.AcceptTcpClientAsync(cancellationToken);
        await using NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), cancellationToken);
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await beat.WaitForNextTickAsync(cancellationToken))
            {
                await stream.WriteAsync("x"u8.ToArray(), cancellationToken);
            }
        }
        catch (IOException)
        {
            // Given up, as it should be.
        }
    }

    private static byte[] NoteOf(long size) => SignedNote.Sign(new Checkpoint(SigningKey.Signer.Name, size, TreeHasher.EmptyRoot).Format(), SigningKey.Signer).ToBytes();

    /// <summary>Signs any size over few entries.</summary>
    private sealed class Boasting(long size, IReadOnlyList<byte[]> entries) : ILogSource
    {
        public string Description => "a list that boasts";

        public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>>(NoteOf(size));

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => id.Index * TileLayout.Width + id.Width <= entries.Count
            ? Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([.. entries.Skip((int)id.Index * TileLayout.Width).Take(id.Width).Select(entry => (ReadOnlyMemory<byte>)entry)])
            : throw new LogSourceException(string.Create(CultureInfo.InvariantCulture, $"there is no bundle {id.Index}"));

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

        public string Locate(long index) => "the list";
    }

    /// <summary>Misses bundles at its beginning; what follows are no entries.</summary>
    private sealed class Gapped(int missing, IReadOnlyList<byte[]> entries) : ILogSource
    {
        public string Description => "a list with a gap";

        public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>>(NoteOf((missing + 2) * TileLayout.Width));

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => id.Index >= missing
            ? Task.FromResult<IReadOnlyList<ReadOnlyMemory<byte>>>([.. Enumerable.Repeat((ReadOnlyMemory<byte>)entries[0].AsMemory(1), id.Width)])
            : throw new LogSourceException("it is missing");

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

        public string Locate(long index) => "the list";
    }

    /// <summary>A data folder under a head of any size, signed by a stolen key.</summary>
    private sealed class Overstated(DataFolderLogSource folder, long size) : ILogSource, IDisposable
    {
        public string Description => folder.Description;

        public async Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken)
        {
            await folder.ReadCheckpointAsync(cancellationToken);
            return NoteOf(size);
        }

        public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => folder.ReadBundleAsync(id, cancellationToken);

        public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => folder.ReadTileAsync(id, cancellationToken);

        public IReadOnlyList<VerificationFault> CompareBeside(BundleId id, IReadOnlyList<Events.EntryFacts> entries) => folder.CompareBeside(id, entries);

        public Task<StorageFindings> CheckStorageAsync(long headSize, CancellationToken cancellationToken) => folder.CheckStorageAsync(headSize, cancellationToken);

        public string Locate(long index) => folder.Locate(index);

        public void Dispose() => folder.Dispose();
    }
}
