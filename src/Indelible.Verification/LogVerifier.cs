using System.Globalization;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;
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
/// receipt is not before its predecessor's. Per log: every stored tile equals the one computed, the root equals the signed one, the
/// tree extends the head remembered from an earlier run, and what receipts promise is there.
/// </para>
/// </remarks>
public sealed class LogVerifier
{
    private const int FaultsReported = 1_000;
    private const int BundlesAheadPerCore = 4;
    private const int MostBundlesAhead = 16;      // of up to 16 MiB each
    private const long MostMissing = 1 << 12;     // bundles one after the other: the entries of 16 of the largest segments
    private const long EntriesBetweenFrontiers = 1 << 20;

    private static readonly int s_bundlesAhead = Math.Min(BundlesAheadPerCore * Environment.ProcessorCount, MostBundlesAhead);

    private CheckpointTrust _trust;   // with the handovers, once they are read
    private readonly ILogSource _source;
    private readonly VerificationRequest _request;
    private readonly TileReader _tiles;
    private readonly List<VerificationFault> _faults = [];
    private readonly List<VerificationFault> _unclear = [];
    private readonly List<string> _notChecked = [];
    private readonly List<string> _checked = [];
    private readonly TreeCheck _tree;
    private ReceiptCheck _receipts;   // with the keys that handovers lead to, once they are read
    private readonly RotationCheck _rotations;
    private readonly long _from;              // entries before it were hashed by earlier runs
    private string _lastReceivedAt = "";
    private string _frontierReceivedAt = "";  // of the last entry of the last full bundle
    private (BundleId First, BundleId Last, string Detail)? _missing;   // consecutive bundles that could not be read for one reason
    private long _missingRun;                     // consecutive bundles that could not be read

    /// <summary>A verifier for one run.</summary>
    /// <param name="logKey">The key that the caller pins; its name is the origin.</param>
    /// <param name="source">Where the log is read from.</param>
    /// <param name="request">What to compare it with besides.</param>
    /// <exception cref="ArgumentException">The frontier is of another log, or was made by who remembered another head.</exception>
    public LogVerifier(Ed25519NoteVerifier logKey, ILogSource source, VerificationRequest? request = null)
        : this(CheckpointTrust.InKey(logKey), source, request)
    {
    }

    /// <summary>A verifier for one run.</summary>
    /// <param name="trust">What checkpoints are believed by.</param>
    /// <param name="source">Where the log is read from.</param>
    /// <param name="request">What to compare it with besides.</param>
    /// <exception cref="ArgumentException">The frontier is of another log, or was made by who remembered another head.</exception>
    public LogVerifier(CheckpointTrust trust, ILogSource source, VerificationRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(trust);
        ArgumentNullException.ThrowIfNull(source);
        _trust = trust;
        _source = source;
        _request = request ?? new VerificationRequest();
        if (_request.Frontier is { } frontier)
        {
            if (frontier.Origin != trust.Origin)
            {
                throw new ArgumentException($"The frontier is of {frontier.Origin}, not of {trust.Origin}.", nameof(request));
            }

            if (frontier.Remembered != _request.Remembered?.Head)
            {
                // What lies before it is not compared again: with the head that is remembered now, it never was.
                throw new ArgumentException("The frontier was made by who remembered another head.", nameof(request));
            }

            _from = frontier.Size;
            _lastReceivedAt = _frontierReceivedAt = frontier.LastReceivedAt;
        }

        _tiles = new TileReader(source);
        _tree = new TreeCheck(_tiles, _request.Remembered?.Head, _request.ShownHeads, _request.Frontier, AddFault);
        _receipts = new ReceiptCheck([], null, trust.Origin, AddFault);
        _rotations = new RotationCheck(trust.Origin, AddFault);
    }

    /// <summary>What checkpoints are believed by: what the caller believes, and after the run what the log's handovers add to it.</summary>
    public CheckpointTrust Trust => _trust;

    /// <summary>The bytes of entry 0 as they were hashed; null before, and of an empty log. What they say is worth as much as the verdict.</summary>
    public ReadOnlyMemory<byte>? FirstEntry { get; private set; }

    /// <summary>Verifies the log up to the checkpoint that the source shows. Once for each verifier.</summary>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task<VerificationResult> VerifyAsync(CancellationToken cancellationToken)
    {
        VerifiedCheckpoint? checkpoint = await ReadCheckpointAsync(cancellationToken).ConfigureAwait(false);
        if (checkpoint is null)
        {
            return new VerificationResult(Report(null), null, null);
        }

        TreeHead head = checkpoint.Head;
        if (Math.Max(_request.Remembered?.Head.Size ?? 0, _from) is var known && known > head.Size)
        {
            AddFault(new VerificationFault("state", _source.Description, $"the log shows {head.Size} entries, but {known} were verified before: it was set back"));
            return new VerificationResult(Report(head), null, null);
        }

        try
        {
            await TakeReceiptsAsync(cancellationToken).ConfigureAwait(false);
            StorageFindings storage = await _source.CheckStorageAsync(head.Size, cancellationToken).ConfigureAwait(false);
            await CheckFirstEntryAsync(cancellationToken).ConfigureAwait(false);
            bool whole = await HashEntriesAsync(head.Size, cancellationToken).ConfigureAwait(false);
            Take(storage);
            if (whole)
            {
                Conclude(checkpoint);
            }
        }
        catch (LogSourceException e) when (e.IsUnreachable)
        {
            _unclear.Add(new VerificationFault("source", _source.Description, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever the source did to make this happen: nothing was found out, and nobody may read it as valid.
            _unclear.Add(Failure(e));
        }

        FlushMissing();
        VerificationReport report = Report(head);
        return report.Verdict == Verdict.Valid ? new VerificationResult(report, checkpoint, Frontier(isVerified: true, head)) { Handovers = _trust.Handovers } : new VerificationResult(report, null, null);
    }

    private async Task<VerifiedCheckpoint?> ReadCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The checkpoint first: the handovers to whoever has signed it are kept by then.
            ReadOnlyMemory<byte> note = await _source.ReadCheckpointAsync(cancellationToken).ConfigureAwait(false);
            await ReadHandoversAsync(cancellationToken).ConfigureAwait(false);
            VerifiedCheckpoint checkpoint = _trust.Verify(note.Span, out string by);
            _checked.Add($"the checkpoint of {checkpoint.Head.Size} entries {by}");
            return checkpoint;
        }
        catch (LogSourceException e)
        {
            (e.IsUnreachable ? _unclear : _faults).Add(new VerificationFault("checkpoint", _source.Description, e.Message));
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            _faults.Add(new VerificationFault("checkpoint", _source.Description, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _unclear.Add(Failure(e));
        }

        return null;
    }

    /// <summary>Follows the log's handovers. What is wrong with them is a fault; what they add to the trust is not needed where the pinned key has signed.</summary>
    private async Task ReadHandoversAsync(CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> handovers = await _source.ReadHandoversAsync(cancellationToken).ConfigureAwait(false);
            _trust = _trust.With(handovers.Span);
            _tree.Expect(_trust.HandoverHeads);
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException || e is LogSourceException { IsUnreachable: false })
        {
            _faults.Add(new VerificationFault("handover", _source.Description, e.Message));
        }
    }

    /// <summary>Follows the handovers of the receipts' key, and verifies the receipts that the caller gave.</summary>
    private async Task TakeReceiptsAsync(CancellationToken cancellationToken)
    {
        if (_request.Receipts.Count == 0)
        {
            return;
        }

        ReceiptsKeys? keys = _request.ReceiptsKey is { } pinned ? ReceiptsKeys.Of(pinned, NoteVerifiers.OfLog) : null;
        try
        {
            ReadOnlyMemory<byte> handovers = await _source.ReadReceiptsHandoversAsync(cancellationToken).ConfigureAwait(false);
            keys = keys?.With(handovers.Span);
            if (keys is { Keys.Count: > 1 })
            {
                _notChecked.Add($"the {keys.Keys.Count - 1} rotations of the receipts' key beyond its keys' own word: rotation vouched by the old key only");
            }
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException || e is LogSourceException { IsUnreachable: false })
        {
            AddFault(new VerificationFault("handover", "receipts-handovers", e.Message));
        }

        _receipts = new ReceiptCheck(_request.Receipts, keys, _trust.Origin, AddFault);
    }

    private void Take(StorageFindings storage)
    {
        foreach (VerificationFault fault in storage.Faults)
        {
            AddFault(fault);
        }

        _unclear.AddRange(storage.Unclear);
        _checked.AddRange(storage.Checked);
        _notChecked.AddRange(storage.NotChecked);
    }

    /// <summary>Compares the tree made from the entries with the signed head, and says what was checked.</summary>
    private void Conclude(VerifiedCheckpoint checkpoint)
    {
        TreeHead head = checkpoint.Head;
        Hash root = _tree.Root();
        if (_tree.Size != head.Size || root != head.Root)
        {
            AddFault(new VerificationFault("root", _source.Description, $"the {_tree.Size} entries hash to {root}, but the signed head is of {head.Size} and its root {head.Root}"));
            return;
        }

        _rotations.Conclude(checkpoint);
        ConcludeReceipts(head);
        if (_faults.Count > 0)
        {
            _checked.Add($"{head.Size - _from} entries re-hashed: they make the signed root");
            return;
        }

        string last = _lastReceivedAt.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; the last was received at {_lastReceivedAt}");
        _checked.Add($"{head.Size - _from} entries re-hashed: with those before they make the signed root; each is canonical, and times of receipt never go back{last}");
        if (_from > 0)
        {
            _notChecked.Add($"the first {_from} entries, which earlier runs have hashed: whether they are still there and unchanged");
        }

        if (_tiles.Count > 0)
        {
            _checked.Add($"{_tiles.Count} stored hash tiles equal those computed from the entries");
        }
        else
        {
            _notChecked.Add(_tiles.None ? "hash tiles: this source stores none apart from its entries" : "hash tiles: the log has none");
        }

        if (_request.Remembered is null)
        {
            _notChecked.Add("consistency with an earlier head: none was remembered (--state)");
        }
        else
        {
            _checked.Add($"the tree extends the head of {_request.Remembered.Head.Size} entries verified before");
        }

        foreach (TreeHead handover in _trust.HandoverHeads)
        {
            _checked.Add(handover.Size <= head.Size
                ? $"the handover at {handover.Size} entries is signed by the old key and the new one, its entry is under its head, and the tree extends that"
                : $"the handover at {handover.Size} entries is signed by the old key and the new one, and its entry is under its head");
        }

        _notChecked.AddRange(_trust.Open);
    }

    private void ConcludeReceipts(in TreeHead head)
    {
        if (_request.Receipts.Count == 0)
        {
            _notChecked.Add("receipts: none was given (--receipts)");
            return;
        }

        _receipts.Conclude(_from, head.Size, _lastReceivedAt, _unclear.Add);
        _checked.Add($"{_receipts.Kept} of {_request.Receipts.Count} receipts are signed, and their entries are where they were promised");
    }

    /// <summary>Reads entry 0 where earlier runs have hashed it: what it says about the log is asked of every run.</summary>
    private async Task CheckFirstEntryAsync(CancellationToken cancellationToken)
    {
        if (_request.Frontier?.FirstLeaf is not { } hashed)
        {
            return;
        }

        BundleCheck bundle = await BundleCheck.RunAsync(_source, _tiles, new BundleId(0, TileLayout.Width), cancellationToken).ConfigureAwait(false);
        foreach (VerificationFault fault in bundle.Faults)
        {
            AddFault(fault);
        }

        if (bundle.Leaves.Length > 0 && bundle.Leaves[0] != hashed)
        {
            AddFault(new VerificationFault("entry", $"index 0 ({_source.Locate(0)})", $"its bytes hash to {bundle.Leaves[0]}, but to {hashed} when earlier runs hashed it"));
        }

        FirstEntry = bundle.FirstEntry;
    }

    /// <summary>Reads the bundles in order, some ahead and in parallel, and folds their leaves into the tree.</summary>
    /// <returns>Whether all could be read.</returns>
    private async Task<bool> HashEntriesAsync(long size, CancellationToken cancellationToken)
    {
        var ahead = new Queue<(BundleId Id, Task<BundleCheck> Bundle)>();
        using IEnumerator<BundleId> bundles = TileLayout.Bundles(size, _from / TileLayout.Width).GetEnumerator();
        bool more = bundles.MoveNext();
        bool whole = true;
        long reported = _from;
        while (more || ahead.Count > 0)
        {
            // A signed size may be any number: what is not there is not looked for until the end of time.
            while (more && ahead.Count < s_bundlesAhead && _faults.Count <= FaultsReported && _missingRun < MostMissing)
            {
                BundleId id = bundles.Current;
                ahead.Enqueue((id, Task.Run(() => BundleCheck.RunAsync(_source, _tiles, id, cancellationToken), cancellationToken)));
                more = bundles.MoveNext();
            }

            if (!ahead.TryDequeue(out (BundleId Id, Task<BundleCheck> Bundle) next))
            {
                break;
            }

            BundleCheck bundle = await next.Bundle.ConfigureAwait(false);
            _missingRun = bundle.Leaves.Length == 0 ? _missingRun + 1 : 0;
            if (bundle.Leaves.Length == 0)
            {
                AddMissing(next.Id, bundle.Faults[0].Detail);
                if (whole)
                {
                    // Its leaves are not known, so neither is the tree from here on; what follows is still read, to find every fault.
                    whole = false;
                    _notChecked.Add($"the tree from entry {next.Id.Index * TileLayout.Width} on: its entries could not be read");
                }

                continue;
            }

            FlushMissing();
            foreach (VerificationFault fault in bundle.Faults)
            {
                AddFault(fault);
            }

            long first = next.Id.Index * TileLayout.Width;
            FirstEntry ??= bundle.FirstEntry;
            CheckOrder(first, bundle);
            _receipts.Compare(first, bundle);
            _rotations.Take(bundle);
            if (whole)
            {
                await _tree.AppendAsync(bundle.Leaves, cancellationToken).ConfigureAwait(false);
                _request.Progress?.Report(_tree.Size);
                reported = ReportFrontier(reported);
            }
        }

        if (more)
        {
            _notChecked.Add("what lies behind the last bundle that was looked for: so much before it cannot be read that the log is taken to end there");
        }

        if (whole)
        {
            await _tree.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        return whole;
    }

    private long ReportFrontier(long reported)
    {
        if (_request.Reached is null || _faults.Count > 0 || _tree.Size - reported < EntriesBetweenFrontiers || _tree.Size % TileLayout.Width != 0)
        {
            return reported;
        }

        _request.Reached(Frontier(isVerified: false, _request.Remembered?.Head));
        return _tree.Size;
    }

    private TreeFrontier Frontier(bool isVerified, TreeHead? remembered)
    {
        long size = _tree.Size - (_tree.Size % TileLayout.Width);
        return new(_trust.Origin, size, _frontierReceivedAt, size == 0 ? null : TreeHasher.Leaf(FirstEntry!.Value.Span), isVerified, remembered, _tree.Rows);
    }

    private void CheckOrder(long first, BundleCheck bundle)
    {
        for (int i = 0; i < bundle.Entries.Length; i++)
        {
            if (bundle.Entries[i].ReceivedAt is not { } receivedAt)
            {
                continue;
            }

            if (string.CompareOrdinal(receivedAt, _lastReceivedAt) < 0)
            {
                AddFault(new VerificationFault(
                    "entry", $"index {first + i} ({_source.Locate(first + i)})", $"received_at is {receivedAt}, before {_lastReceivedAt} of an earlier entry"));
            }
            else
            {
                _lastReceivedAt = receivedAt;
            }
        }

        if (bundle.Leaves.Length == TileLayout.Width)
        {
            _frontierReceivedAt = _lastReceivedAt;
        }
    }

    /// <summary>Bundles one after the other that cannot be read for the same reason are one fault: they are mostly one missing file.</summary>
    private void AddMissing(BundleId id, string detail)
    {
        if (_missing is { } before && before.Last.Index + 1 == id.Index && before.Detail == detail)
        {
            _missing = (before.First, id, before.Detail);
            return;
        }

        FlushMissing();
        _missing = (id, id, detail);
    }

    private void FlushMissing()
    {
        if (_missing is { } missing)
        {
            _missing = null;
            AddFault(new VerificationFault(
                "bundle", missing.First == missing.Last ? missing.First.Path : $"{missing.First.Path} to {missing.Last.Path}", missing.Detail));
        }
    }

    private void AddFault(VerificationFault fault)
    {
        if (_faults.Count < FaultsReported)
        {
            _faults.Add(fault);
        }
        else if (_faults.Count == FaultsReported)
        {
            _faults.Add(new VerificationFault("report", _source.Description, $"there are more than {FaultsReported} faults; the rest is not listed"));
        }
    }

    private VerificationFault Failure(Exception e) => new("source", _source.Description, $"the verification failed: {e.GetType().Name}: {e.Message}");

    private VerificationReport Report(TreeHead? head)
    {
        Verdict verdict = _faults.Count > 0 ? Verdict.NotValid : _unclear.Count > 0 ? Verdict.CouldNotTell : Verdict.Valid;
        return new VerificationReport(verdict, _trust.Origin, head, _tree.Size - _from, _checked, _notChecked, _faults, _unclear);
    }
}
