using System.Text;
using System.Text.Json;
using Indelible.Client.Recording.Spooling;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
using Indelible.Rotation;
using Indelible.Tiles;

namespace Indelible.Client.Recording.Sending;

/// <summary>Compares what the log shows with what it has signed and promised: the client's own witness.</summary>
/// <remarks>
/// The last verified checkpoint is kept beside the spool, for all processes and over restarts. A new one must be signed by the pinned
/// key, or by one that the log's handovers lead to from it (kept as well), not smaller, and proven to extend it. Receipts are then looked up in the tree under it, by its hash tiles, each of which is
/// authenticated by the head; what is found where it was promised needs no receipt any more. Whatever contradicts is kept with both
/// sides and changes nothing of what is remembered.
/// </remarks>
internal sealed class LogWatch : IDisposable
{
    // The promise is 60 seconds. The rest is for restarts of the server.
    private static readonly TimeSpan s_overdue = TimeSpan.FromMinutes(10);

    private readonly AuditClientOptions _options;
    private readonly LogConnection _connection;
    private readonly SpoolRoot _root;
    private readonly ReceiptStore _receipts;
    private readonly string _origin;
    private KeyChain _keys;   // the loop's
    private readonly ClientTelemetry _telemetry;
    private readonly IDeliveryEvents _events;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _wake = new(0, 1);

    public LogWatch(
        AuditClientOptions options, LogConnection connection, SpoolRoot root, ReceiptStore receipts, VerifierKey logKey, ClientTelemetry telemetry,
        IDeliveryEvents events, TimeProvider time)
    {
        _options = options;
        _connection = connection;
        _root = root;
        _receipts = receipts;
        _origin = logKey.Name;
        _keys = KeyChain.Of(logKey, NoteVerifiers.OfLog);
        _telemetry = telemetry;
        _events = events;
        _time = time;
    }

    /// <summary>The size of the largest checkpoint that was verified.</summary>
    public long VerifiedSize { get; private set; }

    /// <summary>Checks now and then until cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(stopping).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _telemetry.LogFault(e.Message, e);
            }

            try
            {
                using var pause = new CancellationTokenSource(_options.CheckInterval, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, stopping);
                await _wake.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The time has come, or the end.
            }
        }
    }

    /// <summary>Asks for a check before its time: receipts take much room.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Asked for already, or the end has come.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _wake.Dispose();

    private async Task CheckAsync(CancellationToken stopping)
    {
        // Read first: another process may remember a later one while ours is on its way.
        VerifiedCheckpoint? known = ReadKnown();
        VerifiedSize = Math.Max(VerifiedSize, known?.Head.Size ?? 0);
        (byte[]? note, string detail) = await _connection.GetCheckpointAsync(_options.RequestTimeout, stopping).ConfigureAwait(false);
        if (note is null)
        {
            _telemetry.LogUnchecked(detail);
            return;
        }

        if (await VerifyAsync(note, stopping).ConfigureAwait(false) is not { } served)
        {
            return;
        }

        if (known is not null && !await ExtendsAsync(known, served, stopping).ConfigureAwait(false))
        {
            return;
        }

        Remember(known, served);
        await ProveReceiptsAsync(served, stopping).ConfigureAwait(false);
    }

    /// <summary>Verifies a served checkpoint, following the log's handovers where another key has signed it.</summary>
    private async Task<VerifiedCheckpoint?> VerifyAsync(byte[] note, CancellationToken stopping)
    {
        byte[] handovers = [];
        try
        {
            try
            {
                return _keys.Verify(note, out _);
            }
            catch (VerificationException)
            {
                (byte[]? list, string detail) = await _connection.GetHandoversAsync(_options.RequestTimeout, stopping).ConfigureAwait(false);
                if (list is null)
                {
                    _telemetry.LogUnchecked(detail);
                    return null;
                }

                handovers = list;
            }

            KeyChain keys = _keys.With(handovers);
            VerifiedCheckpoint served = keys.Verify(note, out _);
            foreach (VerifiedHandover handover in keys.Handovers.Skip(_keys.Handovers.Count))
            {
                // A head that both keys have signed is a head like any other: what is served must extend it.
                if (served.Head.Size >= handover.Head.Size && !await ExtendsAsync(keys.Verify(handover.Proof.Checkpoint.Span, out _), served, stopping).ConfigureAwait(false))
                {
                    return null;
                }
            }

            SpoolDisk.Replace(_root.HandoversPath, keys.Format());
            _keys = keys;
            _telemetry.LogHandedOver(_origin, keys.Current.ToString());
            return served;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            _events.OnContradiction(ContradictionKind.FalseSignature, "The served checkpoint is not the log's: " + e.Message, handovers.Length == 0 ? [("checkpoint", note)] : [("checkpoint", note), ("handovers", handovers)]);
            return null;
        }
    }

    private VerifiedCheckpoint? ReadKnown()
    {
        try
        {
            if (File.Exists(_root.HandoversPath))
            {
                _keys = _keys.With(File.ReadAllBytes(_root.HandoversPath));
            }

            return File.Exists(_root.CheckpointPath) ? _keys.Verify(File.ReadAllBytes(_root.CheckpointPath), out _) : null;
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            throw new IOException($"{_root.CheckpointPath} is not a checkpoint of {_origin}: {e.Message} Nothing can be compared with it; move it away to begin anew.", e);
        }
    }

    private async Task<bool> ExtendsAsync(VerifiedCheckpoint known, VerifiedCheckpoint served, CancellationToken stopping)
    {
        (string, byte[])[] both = [("remembered", known.Note.ToArray()), ("served", served.Note.ToArray())];
        if (served.Head.Size < known.Head.Size)
        {
            _events.OnContradiction(
                ContradictionKind.Rollback, $"The served checkpoint has {served.Head.Size} entries; one of {known.Head.Size} was signed before.", both);
            return false;
        }

        if (served.Head.Size == known.Head.Size || known.Head.Size == 0)
        {
            if (served.Head.Size == known.Head.Size && served.Head.Root != known.Head.Root)
            {
                _events.OnContradiction(
                    ContradictionKind.Fork, $"Two roots are signed for {known.Head.Size} entries: {known.Head.Root} and {served.Head.Root}.", both);
                return false;
            }

            return true;
        }

        (byte[]? answer, string detail) = await _connection.GetConsistencyAsync(known.Head.Size, served.Head.Size, _options.RequestTimeout, stopping).ConfigureAwait(false);
        if (answer is null || ProofOf(answer) is not { } proof)
        {
            // Not shown is not proven false; nothing is remembered of it.
            _telemetry.LogUnchecked(answer is null ? detail : "The consistency proof is none.");
            return false;
        }

        if (!ConsistencyProof.Verify(known.Head, served.Head, proof))
        {
            _events.OnContradiction(
                ContradictionKind.Fork,
                $"The checkpoint of {served.Head.Size} entries is not proven to extend the one of {known.Head.Size} that was signed before.",
                [.. both, ("consistency.json", answer)]);
            return false;
        }

        return true;
    }

    private static Hash[]? ProofOf(byte[] answer)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(answer);
            var proof = new List<Hash>();
            foreach (JsonElement text in json.RootElement.GetProperty("proof").EnumerateArray().Take(128))
            {
                if (!Hash.TryParseBase64(text.GetString(), out Hash hash))
                {
                    return null;
                }

                proof.Add(hash);
            }

            return [.. proof];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private void Remember(VerifiedCheckpoint? known, VerifiedCheckpoint served)
    {
        using IDisposable? held = SpoolDisk.TryLock(_root.CheckpointLockPath);
        if (held is not null && ReadKnown()?.Head == known?.Head && (known is null || served.Head.Size > known.Head.Size))
        {
            SpoolDisk.Replace(_root.CheckpointPath, served.Note.Span);
        }

        VerifiedSize = Math.Max(VerifiedSize, served.Head.Size);
    }

    private async Task ProveReceiptsAsync(VerifiedCheckpoint checkpoint, CancellationToken stopping)
    {
        foreach (string path in _receipts.CloseAll())
        {
            byte[] lines = await File.ReadAllBytesAsync(path, stopping).ConfigureAwait(false);
            List<(long Index, Hash Leaf, string Id)> promised = Promised(lines);
            if (promised.Count > 0 && promised.Max(one => one.Index) >= checkpoint.Head.Size)
            {
                if (_time.GetUtcNow() - File.GetLastWriteTimeUtc(path) > s_overdue)
                {
                    _events.OnContradiction(
                        ContradictionKind.OverduePromise,
                        $"The served checkpoint has {checkpoint.Head.Size} entries; index {promised.Max(one => one.Index)} was promised more than {s_overdue.TotalMinutes} minutes ago.",
                        [("receipts.jsonl", lines), ("checkpoint", checkpoint.Note.ToArray())]);
                }

                return;   // The files behind it promise later entries.
            }

            if (!await ProveAsync(promised, lines, checkpoint, stopping).ConfigureAwait(false))
            {
                return;
            }

            _receipts.Remove(path);
        }
    }

    private async Task<bool> ProveAsync(List<(long Index, Hash Leaf, string Id)> promised, byte[] lines, VerifiedCheckpoint checkpoint, CancellationToken stopping)
    {
        var tiles = new FetchedTiles();
        foreach (TileId id in TilesFor(promised.Select(one => one.Index), checkpoint.Head.Size))
        {
            (byte[]? bytes, string detail) = await _connection.GetTileAsync(id.Path, _options.RequestTimeout, stopping).ConfigureAwait(false);
            if (bytes is null)
            {
                _telemetry.LogUnchecked(detail);
                return false;
            }

            tiles.Bytes[id] = bytes;
        }

        try
        {
            var nodes = new TileNodeReader(tiles, checkpoint.Head);
            foreach ((long index, Hash leaf, string id) in promised)
            {
                Hash found = nodes.ReadNode(0, index);
                if (found != leaf)
                {
                    _events.OnContradiction(
                        ContradictionKind.BrokenReceipt,
                        $"The entry at index {index} has the leaf hash {found}; the receipt for {id} promised {leaf}.",
                        [("receipts.jsonl", lines), ("checkpoint", checkpoint.Note.ToArray()), .. tiles.Bytes.Select(tile => (tile.Key.Path.Replace('/', '-'), tile.Value))]);
                    return false;
                }
            }

            return true;
        }
        catch (VerificationException e)
        {
            // Tiles are signed by nobody: false ones prove nothing, neither for nor against.
            _telemetry.LogUnchecked(e.Message);
            return false;
        }
    }

    /// <summary>The promises of a receipts file about this log; those of a log that it goes on for are under that one's last checkpoint.</summary>
    private List<(long Index, Hash Leaf, string Id)> Promised(byte[] lines)
    {
        var promised = new List<(long, Hash, string)>();
        foreach (string line in Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(line);
                foreach (JsonElement receipt in json.RootElement.GetProperty("receipts").EnumerateArray())
                {
                    if (receipt.GetProperty("origin").GetString() == _origin && Hash.TryParseBase64(receipt.GetProperty("leaf_hash").GetString(), out Hash leaf))
                    {
                        promised.Add((receipt.GetProperty("index").GetInt64(), leaf, receipt.GetProperty("id").GetString() ?? ""));
                    }
                }
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                // The last line, torn by a crash: its events are sent again, and their receipts come again.
            }
        }

        return promised;
    }

    private static HashSet<TileId> TilesFor(IEnumerable<long> indexes, long size)
    {
        var tiles = new HashSet<TileId>();
        for (int level = 0; TileLayout.TileWidth(level, 0, size) > 0; level++)
        {
            long last = (size >> (level * TileLayout.Height)) / TileLayout.Width;
            if (TileLayout.TileWidth(level, last, size) is var width and > 0)
            {
                tiles.Add(new TileId(level, last, width));
            }
        }

        foreach (long index in indexes)
        {
            long at = index / TileLayout.Width;
            for (int level = 0; TileLayout.TileWidth(level, at, size) is var width and > 0; level++, at /= TileLayout.Width)
            {
                tiles.Add(new TileId(level, at, width));
            }
        }

        return tiles;
    }

    private sealed class FetchedTiles : ITileReader
    {
        public Dictionary<TileId, byte[]> Bytes { get; } = [];

        public ReadOnlyMemory<byte> ReadTile(TileId id) => Bytes.TryGetValue(id, out byte[]? bytes)
            ? bytes
            : throw new VerificationException($"{id.Path} was not fetched.");
    }
}
