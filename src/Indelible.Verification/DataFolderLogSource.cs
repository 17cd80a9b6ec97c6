using Indelible.Engine;
using Indelible.Engine.Reading;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Keys;
using Indelible.Notes;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>A log in a data folder as a source for the verifier; may be read beside a running node.</summary>
public sealed class DataFolderLogSource : ILogSource, IDisposable
{
    private readonly DataFolder _folder;
    private readonly string _log;
    private readonly NoteVerifier _logKey;
    private readonly string? _logVkey;
    private readonly string? _checkpointFolder;
    private readonly Lock _lock = new();
    private readonly List<FolderLog> _opened = [];   // under _lock; the last is the one in use, the others may still be read

    /// <summary>A log of <paramref name="folder"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="log">The log's name.</param>
    /// <param name="logKey">The key that the verifier pins; its name is the log's origin.</param>
    /// <param name="logVkey">The same, as text; null where several keys are believed, and none is the one that the folder must have.</param>
    /// <param name="checkpointFolder">Where the checkpoint store is; null for its place in the data folder.</param>
    public DataFolderLogSource(DataFolder folder, string log, NoteVerifier logKey, string? logVkey, string? checkpointFolder)
    {
        _folder = folder;
        _log = log;
        _logKey = logKey;
        _logVkey = logVkey;
        _checkpointFolder = checkpointFolder;
    }

    /// <summary>Waits after so many bytes were read; null not to wait.</summary>
    public Func<long, CancellationToken, Task>? Pace { get; init; }

    /// <inheritdoc/>
    public string Description => $"log {_log} in {_folder.Root}";

    private FolderLog Current
    {
        get
        {
            lock (_lock)
            {
                return _opened[^1];
            }
        }
    }

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadCheckpointAsync(CancellationToken cancellationToken) => Task.FromResult(Read(() =>
    {
        // The checkpoint first: what it speaks of is on disk by then, so that the pieces found afterwards hold all of it.
        ReadOnlyMemory<byte> note = FolderLog.ReadCheckpoint(_folder, _logKey.Name, _checkpointFolder);
        Open();
        return note;
    }));

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadHandoversAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Read(() => FolderLog.ReadHandovers(_folder, _logKey.Name, _checkpointFolder)));

    /// <inheritdoc/>
    public Task<ReadOnlyMemory<byte>> ReadReceiptsHandoversAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Read(() => FolderLog.ReadReceiptsHandovers(_folder, _checkpointFolder)));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadBundleAsync(BundleId id, CancellationToken cancellationToken)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> entries = ReadTwice(log => log.ReadBundle(id));
        await PaceAsync(entries.Sum(entry => entry.Length), cancellationToken).ConfigureAwait(false);
        return entries;
    }

    /// <summary>A data folder keeps no tiles: they are made from its blocks, whose hashes the segments' indexes hold and reading checks.</summary>
    public Task<ReadOnlyMemory<byte>?> ReadTileAsync(TileId id, CancellationToken cancellationToken) => Task.FromResult<ReadOnlyMemory<byte>?>(null);

    /// <inheritdoc/>
    public IReadOnlyList<VerificationFault> CompareBeside(BundleId id, IReadOnlyList<EntryFacts> entries) => Read<IReadOnlyList<VerificationFault>>(() =>
        [.. Current.CheckIdHashes(id, entries).Select(wrong => new VerificationFault("entry", $"index {wrong.Index} ({Locate(wrong.Index)})", wrong.Detail))]);

    /// <inheritdoc/>
    public async Task<StorageFindings> CheckStorageAsync(long size, CancellationToken cancellationToken)
    {
        FolderLog current = Current;
        string[] unsigned = current.EntriesFrom(size) is var beyond and > 0 ? [$"{beyond} entries beyond the head of {size}: they are not signed yet"] : [];
        List<FolderFindings> parts = [current.Findings, FolderCheck.Run(_folder, _log, ExpectedVkey(), _checkpointFolder)];
        foreach ((long first, long bytes) in current.Segments)
        {
            parts.Add(current.CheckFileHash(first));
            await PaceAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        return new StorageFindings(
            [.. parts.SelectMany(part => part.Faults).Select(Fault)],
            [.. parts.SelectMany(part => part.Unclear).Select(Fault)],
            [.. parts.SelectMany(part => part.Checked), $"{current.Segments.Count} segment files have been compared with the hash that they end in"],
            [.. unsigned, .. parts.SelectMany(part => part.NotChecked).Distinct()]);
    }

    /// <inheritdoc/>
    public string Locate(long index) => Current.Locate(index);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FolderLog log in _opened)
        {
            log.Dispose();
        }
    }

    /// <summary>The key that the folder must have: the pinned one, or the last that handovers lead to from it.</summary>
    private string? ExpectedVkey()
    {
        try
        {
            return _logVkey is null ? null : CheckpointTrust.InKey(Ed25519NoteVerifier.FromVkey(_logVkey)).With(FolderLog.ReadHandovers(_folder, _logKey.Name, _checkpointFolder).Span).Vkeys[^1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or VerificationException or TlogFormatException)
        {
            return _logVkey;   // What is wrong with them is said where they are verified.
        }
    }

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

    /// <summary>Reads; a node running beside may have sealed or moved the entries since, and looking once more tells that from damage.</summary>
    private T ReadTwice<T>(Func<FolderLog, T> read)
    {
        FolderLog before = Current;
        try
        {
            return read(before);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            lock (_lock)
            {
                // Once for all that fail: damage is not read anew for every bundle that it lies in.
                if (_opened.Count == 1)
                {
                    Read(Open);
                }

                before = _opened[^1];
            }

            return Read(() => read(before));
        }
    }

    private Task PaceAsync(long bytes, CancellationToken cancellationToken) => Pace?.Invoke(bytes, cancellationToken) ?? Task.CompletedTask;

    private FolderLog Open()
    {
        var log = FolderLog.Open(_folder, _log, _logKey.Name);
        lock (_lock)
        {
            _opened.Add(log);
        }

        return log;
    }
}
