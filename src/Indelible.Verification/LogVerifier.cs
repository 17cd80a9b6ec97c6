using Indelible.Events;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Tiles;

namespace Indelible.Verification;

/// <summary>Verifies a whole log: re-hashes every entry, rebuilds the tree, and compares it with a head signed by a key that the caller pins.</summary>
/// <remarks>
/// <para>
/// Nothing that the source says about itself is believed. The key and with it the origin come from the caller; the size comes from a
/// note that this key has signed; every hash is made from entries. Zero checks are never "valid".
/// </para>
/// <para>
/// Verified per entry: it is canonical JSON with the members of an entry (so that no two readers see two meanings), and its time of
/// receipt is not before its predecessor's. Per log: every stored tile equals the one computed, the root equals the signed one, and
/// the tree extends the head remembered from an earlier run.
/// </para>
/// </remarks>
public sealed class LogVerifier
{
    private const int FaultsReported = 1_000;
    private const int BundlesAhead = 8;

    private readonly NoteVerifier _logKey;
    private readonly ILogSource _source;
    private readonly List<VerificationFault> _faults = [];
    private readonly List<VerificationFault> _unclear = [];
    private readonly List<string> _notChecked = [];
    private readonly List<string> _checked = [];
    private readonly CompactRange _tree = new();
    private readonly List<List<Hash>> _levels = [];   // by tile level: the hashes of the tile that is being filled
    private string _lastReceivedAt = "";
    private long _tilesChecked;
    private bool _hasTiles = true;

    /// <summary>A verifier for one run.</summary>
    /// <param name="logKey">The key that the caller pins; its name is the origin.</param>
    /// <param name="source">Where the log is read from.</param>
    public LogVerifier(NoteVerifier logKey, ILogSource source)
    {
        ArgumentNullException.ThrowIfNull(logKey);
        ArgumentNullException.ThrowIfNull(source);
        _logKey = logKey;
        _source = source;
    }

    /// <summary>The bytes of entry 0 as they were hashed; null before, and of an empty log. What they say is worth as much as the verdict.</summary>
    public ReadOnlyMemory<byte>? FirstEntry { get; private set; }

    /// <summary>Verifies the log up to the checkpoint that the source shows.</summary>
    /// <param name="remembered">The head that an earlier run verified, or null where there was none.</param>
    /// <param name="progress">Receives the number of entries done.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>The report, and the verified checkpoint to remember where the verdict is valid.</returns>
    public async Task<(VerificationReport Report, VerifiedCheckpoint? Checkpoint)> VerifyAsync(
        VerifiedCheckpoint? remembered, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        VerifiedCheckpoint? checkpoint = await ReadCheckpointAsync(cancellationToken).ConfigureAwait(false);
        if (checkpoint is null)
        {
            return (Report(null), null);
        }

        TreeHead head = checkpoint.Head;
        _checked.Add($"the checkpoint of {head.Size} entries is signed by the pinned key {_logKey.Name}+{_logKey.KeyId:x8}");
        if (remembered is not null && remembered.Head.Size > head.Size)
        {
            _faults.Add(new VerificationFault(
                "state", _source.Description, $"the log shows {head.Size} entries, but {remembered.Head.Size} were verified before: it was set back"));
            return (Report(head), null);
        }

        try
        {
            StorageFindings storage = await _source.CheckStorageAsync(cancellationToken).ConfigureAwait(false);
            await HashEntriesAsync(head.Size, remembered?.Head, progress, cancellationToken).ConfigureAwait(false);
            Take(storage);
        }
        catch (LogSourceException e) when (e.IsUnreachable)
        {
            _unclear.Add(new VerificationFault("source", _source.Description, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever the source did to make this happen: nothing was found out, and nobody may read it as valid.
            _unclear.Add(new VerificationFault("source", _source.Description, $"the verification failed: {e.GetType().Name}: {e.Message}"));
        }

        if (_faults.Count == 0 && _unclear.Count == 0)
        {
            Conclude(head, remembered);
        }

        VerificationReport report = Report(head);
        return (report, report.Verdict == Verdict.Valid ? checkpoint : null);
    }

    private async Task<VerifiedCheckpoint?> ReadCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> note = await _source.ReadCheckpointAsync(cancellationToken).ConfigureAwait(false);
            return VerifiedCheckpoint.Verify(note.Span, _logKey.Name, _logKey);
        }
        catch (LogSourceException e)
        {
            (e.IsUnreachable ? _unclear : _faults).Add(new VerificationFault("checkpoint", _source.Description, e.Message));
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            _faults.Add(new VerificationFault("checkpoint", _source.Description, e.Message));
        }

        return null;
    }

    private void Take(StorageFindings storage)
    {
        foreach (VerificationFault fault in storage.Faults)
        {
            AddFault(fault.What, fault.Where, fault.Detail);
        }

        _unclear.AddRange(storage.Unclear);
        _checked.AddRange(storage.Checked);
        _notChecked.AddRange(storage.NotChecked);
    }

    /// <summary>Compares the tree made from the entries with the signed head. Nothing was wrong up to here.</summary>
    private void Conclude(in TreeHead head, VerifiedCheckpoint? remembered)
    {
        if (_tree.Size != head.Size)
        {
            AddFault("root", _source.Description, $"{_tree.Size} entries were hashed, not {head.Size}");
            return;
        }

        Hash root = _tree.Root();
        if (root != head.Root)
        {
            AddFault("root", _source.Description, $"the {head.Size} entries hash to {root}, but the signed root is {head.Root}");
            return;
        }

        _checked.Add($"{head.Size} entries re-hashed: they make the signed root; each is canonical, and times of receipt never go back");
        if (_tilesChecked > 0)
        {
            _checked.Add($"{_tilesChecked} stored hash tiles equal those computed from the entries");
        }
        else
        {
            _notChecked.Add(_hasTiles ? "hash tiles: the log has none" : "hash tiles: this source stores none apart from its entries");
        }

        if (remembered is null)
        {
            _notChecked.Add("consistency with an earlier head: none was remembered (--state)");
        }
        else
        {
            _checked.Add($"the tree extends the head of {remembered.Head.Size} entries verified before");
        }

        _notChecked.Add("witnesses and outside time stamps: the log has none yet");
    }

    /// <summary>Reads the bundles in order, some ahead and in parallel, and folds their leaves into the tree.</summary>
    private async Task HashEntriesAsync(long size, TreeHead? remembered, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var ahead = new Queue<(BundleId Id, Task<CheckedBundle> Bundle)>();
        using IEnumerator<BundleId> bundles = TileLayout.Bundles(size).GetEnumerator();
        bool more = bundles.MoveNext();
        while (more || ahead.Count > 0)
        {
            while (more && ahead.Count < BundlesAhead)
            {
                BundleId id = bundles.Current;
                ahead.Enqueue((id, Task.Run(() => CheckBundleAsync(id, cancellationToken), cancellationToken)));
                more = bundles.MoveNext();
            }

            (BundleId next, Task<CheckedBundle> reading) = ahead.Dequeue();
            CheckedBundle bundle = await reading.ConfigureAwait(false);
            foreach (VerificationFault fault in bundle.Faults)
            {
                AddFault(fault.What, fault.Where, fault.Detail);
            }

            if (bundle.Leaves.Length == 0)
            {
                // Its leaves are not known, so neither is the tree from here on; what follows is still read, to find every fault.
                _notChecked.Add($"the tree from entry {next.Index * TileLayout.Width} on: its entries could not be read");
                await ReadRestAsync(bundles, more, ahead, cancellationToken).ConfigureAwait(false);
                return;
            }

            CheckOrder(next.Index * TileLayout.Width, bundle);
            await FoldAsync(bundle.Leaves, size, remembered, cancellationToken).ConfigureAwait(false);
            progress?.Report(_tree.Size);
        }
    }

    private async Task ReadRestAsync(IEnumerator<BundleId> bundles, bool more, Queue<(BundleId Id, Task<CheckedBundle> Bundle)> ahead, CancellationToken cancellationToken)
    {
        while (ahead.TryDequeue(out (BundleId Id, Task<CheckedBundle> Bundle) next))
        {
            foreach (VerificationFault fault in (await next.Bundle.ConfigureAwait(false)).Faults)
            {
                AddFault(fault.What, fault.Where, fault.Detail);
            }
        }

        // A signed size may be any number: a log that is not there at all is not looked for until the end of time.
        while (more && _faults.Count <= FaultsReported)
        {
            foreach (VerificationFault fault in (await CheckBundleAsync(bundles.Current, cancellationToken).ConfigureAwait(false)).Faults)
            {
                AddFault(fault.What, fault.Where, fault.Detail);
            }

            more = bundles.MoveNext();
        }
    }

    /// <summary>What one bundle shows by itself: its leaves, its entries' form and times, and its level-0 tile.</summary>
    private async Task<CheckedBundle> CheckBundleAsync(BundleId id, CancellationToken cancellationToken)
    {
        var faults = new List<VerificationFault>();
        long first = id.Index * TileLayout.Width;
        IReadOnlyList<ReadOnlyMemory<byte>> entries;
        try
        {
            entries = await _source.ReadBundleAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (!e.IsUnreachable)
        {
            faults.Add(new VerificationFault("bundle", id.Path, e.Message));
            return new CheckedBundle([], [], faults);
        }

        if (entries.Count != id.Width)
        {
            faults.Add(new VerificationFault("bundle", id.Path, $"it holds {entries.Count} entries, not {id.Width}"));
            return new CheckedBundle([], [], faults);
        }

        if (first == 0)
        {
            FirstEntry = entries[0];
        }

        var leaves = new Hash[entries.Count];
        var facts = new EntryFacts[entries.Count];
        bool whole = true;
        for (int i = 0; i < leaves.Length; i++)
        {
            leaves[i] = TreeHasher.Leaf(entries[i].Span);
            if (!Entry.TryRead(entries[i].Span, out facts[i]))
            {
                whole = false;
                faults.Add(new VerificationFault("entry", $"index {first + i} ({_source.Locate(first + i)})", "it is not canonical JSON with the members of an entry"));
            }
        }

        await CompareLeavesAsync(id, leaves, faults, cancellationToken).ConfigureAwait(false);
        if (whole)
        {
            faults.AddRange(_source.CompareBeside(id, facts));
        }

        return new CheckedBundle(leaves, [.. facts.Select(entry => entry.ReceivedAt ?? "")], faults);
    }

    private async Task CompareLeavesAsync(BundleId id, Hash[] leaves, List<VerificationFault> faults, CancellationToken cancellationToken)
    {
        var tile = new TileId(0, id.Index, id.Width);
        if (await ReadTileAsync(tile, faults, cancellationToken).ConfigureAwait(false) is not { } stored)
        {
            return;
        }

        for (int i = 0; i < leaves.Length; i++)
        {
            if (stored[i] != leaves[i])
            {
                long index = (id.Index * TileLayout.Width) + i;
                faults.Add(new VerificationFault(
                    "entry", $"index {index} ({_source.Locate(index)})", $"its bytes hash to {leaves[i]}, but {tile.Path} holds {stored[i]}: the entry or the tile was changed"));
            }
        }
    }

    private async Task<Hash[]?> ReadTileAsync(TileId id, List<VerificationFault> faults, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? bytes;
        try
        {
            bytes = await _source.ReadTileAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LogSourceException e) when (!e.IsUnreachable)
        {
            faults.Add(new VerificationFault("tile", id.Path, e.Message));
            return null;
        }

        if (bytes is null)
        {
            _hasTiles = false;
            return null;
        }

        Interlocked.Increment(ref _tilesChecked);
        var hashes = new Hash[id.Width];
        if (HashTile.TryParse(bytes.Value.Span, id.Width, hashes))
        {
            return hashes;
        }

        faults.Add(new VerificationFault("tile", id.Path, $"it has {bytes.Value.Length} bytes, not {id.Width * Hash.Size}"));
        return null;
    }

    private void CheckOrder(long first, CheckedBundle bundle)
    {
        for (int i = 0; i < bundle.Times.Length; i++)
        {
            if (string.CompareOrdinal(bundle.Times[i], _lastReceivedAt) < 0 && bundle.Times[i].Length > 0)
            {
                AddFault("entry", $"index {first + i} ({_source.Locate(first + i)})", $"received_at is {bundle.Times[i]}, before {_lastReceivedAt} of an earlier entry");
            }
            else if (bundle.Times[i].Length > 0)
            {
                _lastReceivedAt = bundle.Times[i];
            }
        }
    }

    /// <summary>Takes leaves into the tree, checks each tile of the levels above as it is complete, and the remembered head as it is passed.</summary>
    private async Task FoldAsync(Hash[] leaves, long size, TreeHead? remembered, CancellationToken cancellationToken)
    {
        foreach (Hash leaf in leaves)
        {
            _tree.Append(leaf);
            if (remembered is { } known && _tree.Size == known.Size && _tree.Root() != known.Root)
            {
                AddFault("state", $"size {known.Size}", $"the first {known.Size} entries have root {_tree.Root()}, but {known.Root} was verified before: history was changed");
            }
        }

        if (leaves.Length == TileLayout.Width)
        {
            await AddNodeAsync(1, HashTile.Root(leaves), size, cancellationToken).ConfigureAwait(false);
        }

        if (_tree.Size == size)
        {
            for (int level = 1; level <= _levels.Count; level++)
            {
                if (_levels[level - 1].Count % TileLayout.Width is var rest and not 0)
                {
                    await CompareTileAsync(level, _levels[level - 1].Count / TileLayout.Width, rest, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task AddNodeAsync(int level, Hash node, long size, CancellationToken cancellationToken)
    {
        if (_levels.Count < level)
        {
            _levels.Add([]);
        }

        List<Hash> hashes = _levels[level - 1];
        hashes.Add(node);
        if (hashes.Count % TileLayout.Width == 0)
        {
            await CompareTileAsync(level, (hashes.Count / TileLayout.Width) - 1, TileLayout.Width, cancellationToken).ConfigureAwait(false);
            await AddNodeAsync(level + 1, HashTile.Root(hashes.ToArray().AsSpan()[^TileLayout.Width..]), size, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CompareTileAsync(int level, long index, int width, CancellationToken cancellationToken)
    {
        var tile = new TileId(level, index, width);
        var faults = new List<VerificationFault>();
        Hash[]? stored = await ReadTileAsync(tile, faults, cancellationToken).ConfigureAwait(false);
        foreach (VerificationFault fault in faults)
        {
            AddFault(fault.What, fault.Where, fault.Detail);
        }

        for (int i = 0; i < width && stored is not null; i++)
        {
            Hash computed = _levels[level - 1][(int)(index * TileLayout.Width) + i];
            if (stored[i] != computed)
            {
                AddFault("tile", tile.Path, $"hash {i} is {stored[i]}, but the entries below it make {computed}");
            }
        }
    }

    private void AddFault(string what, string where, string detail)
    {
        if (_faults.Count < FaultsReported)
        {
            _faults.Add(new VerificationFault(what, where, detail));
        }
        else if (_faults.Count == FaultsReported)
        {
            _faults.Add(new VerificationFault("report", _source.Description, $"there are more than {FaultsReported} faults; the rest is not listed"));
        }
    }

    private VerificationReport Report(TreeHead? head)
    {
        Verdict verdict = _faults.Count > 0 ? Verdict.NotValid : _unclear.Count > 0 ? Verdict.CouldNotTell : Verdict.Valid;
        return new VerificationReport(verdict, _logKey.Name, head, _tree.Size, _checked, _notChecked, _faults, _unclear);
    }

    private sealed record CheckedBundle(Hash[] Leaves, string[] Times, List<VerificationFault> Faults);
}
