using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Rotation;
using Indelible.Tiles;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Verification;

/// <summary>An exported log: a folder with <c>checkpoint</c> and <c>tile/…</c>, as c2sp.org/tlog-tiles lays it out.</summary>
public sealed class DirectoryLogSource : ILogSource
{
    private const long MaxCheckpointBytes = 1 << 20;
    private readonly string _folder;

    /// <summary>The log in <paramref name="folder"/>.</summary>
    public DirectoryLogSource(string folder)
    {
        _folder = folder;
    }

    /// <inheritdoc/>
    public string Description => _folder;

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => ReadAsync("checkpoint", MaxCheckpointBytes, missingIsUnclear: true, cancellationToken);

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) => ReadListAsync("handovers", cancellationToken);

    /// <summary>As <see cref="ReadHandoversAsync"/>, of the receipts' key.</summary>
    public Task<ReadOnlyMemory<byte>> ReadReceiptsHandoversAsync(CancellationToken cancellationToken) => ReadListAsync("receipts-handovers", cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> bytes = await ReadAsync(id.Path, (long)id.Width * (EntryBundle.MaxEntryBytes + 2), missingIsUnclear: false, cancellationToken).ConfigureAwait(false);
        return EntryBundle.TryParse(bytes, id.Width, out ReadOnlyMemory<byte>[]? entries)
            ? entries
            : throw new LogSourceException($"{id.Path} is not an entry bundle of {id.Width} entries");
    }

    /// <inheritdoc/>
    public async Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) =>
        await ReadAsync(id.Path, TileLayout.Width * Merkle.Hash.Size, missingIsUnclear: false, cancellationToken).ConfigureAwait(false);

    /// <summary>Nothing lies beside the log here.</summary>
    public Task<StorageFindings> CheckStorageAsync(long size, CancellationToken cancellationToken) => Task.FromResult(StorageFindings.None);

    /// <inheritdoc/>
    public string Locate(long index) => Path.Combine("tile", "entries", "… bundle " + (index / TileLayout.Width));

    private async Task<ReadOnlyMemory<byte>> ReadListAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(path, HandoverList.MaxBytes, missingIsUnclear: false, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (e.IsMissing)
        {
            return ReadOnlyMemory<byte>.Empty;
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync(string path, long maxBytes, bool missingIsUnclear, CancellationToken cancellationToken)
    {
        try
        {
            // Only what is a file: opening a pipe could wait for ever.
            using SafeFileHandle file = RegularFile.Open(Path.Combine(_folder, path));
            long length = RandomAccess.GetLength(file);
            if (length > maxBytes)
            {
                throw new LogSourceException($"{path} has {length} bytes, more than the {maxBytes} it can have");
            }

            byte[] bytes = new byte[length];
            int count = 0;
            while (count < bytes.Length)
            {
                int read = await RandomAccess.ReadAsync(file, bytes.AsMemory(count), count, cancellationToken).ConfigureAwait(false);
                count += read > 0 ? read : throw new LogSourceException($"{path} became shorter while it was read", unreachable: true);
            }

            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LogSourceException(missingIsUnclear ? $"there is no {path}" : "it is missing", missingIsUnclear) { IsMissing = true };
        }
        catch (StorageException e)
        {
            throw new LogSourceException($"{path} cannot be read: {e.Message}", missingIsUnclear);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogSourceException($"{path} cannot be read: {e.Message}", unreachable: true);
        }
    }
}
