using System.Text;
using Indelible.Engine.Backup;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>A log in a backup as a source for the verifier.</summary>
/// <param name="log">What the backup says of it.</param>
/// <param name="pieces">Its entries; disposed with the source.</param>
public sealed class BackupLogSource(BackedUpLog log, FolderLog pieces) : ILogSource, IDisposable
{
    /// <inheritdoc/>
    public string Description => $"log {log.Name} in the backup";

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(log.Checkpoint));

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) =>
        Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(log.Handovers ?? ""));

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken) => Task.FromResult(Read(() => pieces.ReadBundle(id)));

    /// <summary>A backup keeps no tiles.</summary>
    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

    /// <inheritdoc/>
    public IReadOnlyList<VerificationFault> CompareBeside(BundleId id, IReadOnlyList<EntryFacts> entries) => Read<IReadOnlyList<VerificationFault>>(() =>
        [.. pieces.CheckIdHashes(id, entries).Select(wrong => new VerificationFault("entry", $"index {wrong.Index} ({Locate(wrong.Index)})", wrong.Detail))]);

    /// <inheritdoc/>
    public Task<StorageFindings> CheckStorageAsync(long size, CancellationToken cancellationToken)
    {
        // Not the hashes that segments end in: the files were hashed when they were copied, and are when a backup is opened.
        FolderFindings[] parts = [pieces.Findings, CheckBeyond()];
        return Task.FromResult(new StorageFindings(
            [.. parts.SelectMany(part => part.Faults).Select(Fault)],
            [.. parts.SelectMany(part => part.Unclear).Select(Fault)],
            [.. parts.SelectMany(part => part.Checked)],
            [.. parts.SelectMany(part => part.NotChecked)]));
    }

    /// <inheritdoc/>
    public string Locate(long index) => pieces.Locate(index);

    /// <inheritdoc/>
    public void Dispose() => pieces.Dispose();

    /// <summary>The entries that no signed head covers yet: all there, and readable.</summary>
    private FolderFindings CheckBeyond() => pieces.CheckEntries(log.Size, log.Entries);

    private static VerificationFault Fault(FolderFinding finding) => new("file", finding.Where, finding.Detail);

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (StorageException e)
        {
            throw new LogSourceException(e.Message, unreachable: e.Outcome != StorageOutcome.Damaged);
        }
        catch (FileNotFoundException e)
        {
            throw new LogSourceException(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogSourceException(e.Message, unreachable: true);
        }
    }
}
