using Indelible.Client.Verification;
using Indelible.Engine;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Tiles;

namespace Indelible.Cli.Commands;

/// <summary>A log in a data folder as a source for the verifier; may be read beside a running node.</summary>
internal sealed class DataFolderLogSource(DataFolder folder, string log, string origin, string? checkpointFolder) : ILogSource, IDisposable
{
    private readonly Lock _lock = new();
    private FolderLog? _opened;

    public string Description => $"log {log} in {folder.Root}";

    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The checkpoint first: what it speaks of is on disk by then, so that the pieces found afterwards hold all of it.
            ReadOnlyMemory<byte> note = FolderLog.ReadCheckpoint(folder, origin, checkpointFolder);
            _opened = FolderLog.Open(folder, log, origin);
            return Task.FromResult(note);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogSourceException(e.Message, unreachable: !Directory.Exists(folder.Root));
        }
    }

    public Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult(_opened!.ReadBundle(id));
        }
        catch (StorageException)
        {
            // A node running beside may have sealed or moved the entries since; looking once more tells that from damage.
            try
            {
                lock (_lock)
                {
                    _opened = FolderLog.Open(folder, log, origin);
                    return Task.FromResult(_opened.ReadBundle(id));
                }
            }
            catch (StorageException e)
            {
                throw new LogSourceException(e.Message);
            }
        }
    }

    /// <summary>A data folder keeps no tiles: they are made from its blocks, whose hashes the segments' indexes hold and reading checks.</summary>
    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

    public string Locate(long index) => _opened!.Locate(index);

    public void Dispose() => _opened?.Dispose();
}
