using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Events;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Proofs;

namespace Indelible.Verification;

/// <summary>Verifies an export of entries with proofs, offline: each entry is in the log, under a checkpoint that the caller's key has signed.</summary>
/// <remarks>
/// Nothing that the file or its manifest says is believed but the checkpoint, once its signature is. What they say of each other is compared. Whether a server left
/// out entries that match, no file can show, unless it holds every entry of the log.
/// </remarks>
public sealed class ExportCheck
{
    /// <summary>The most bytes of a line: an entry, its personal values in clear, its proof, and some.</summary>
    public const int MaxLineBytes = 1 << 20;

    private const int FaultsReported = 1_000;
    private const int MaxProof = 63;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly CheckpointTrust _trust;
    private readonly ExportManifest _manifest;
    private readonly string _name;
    private readonly List<VerificationFault> _faults = [];
    private readonly List<VerificationFault> _unclear = [];
    private readonly List<string> _checked = [];
    private readonly List<string> _notChecked = [];
    private TreeHead _head;
    private long _count;
    private long _bytes;
    private long _lastIndex = -1;
    private string _lastReceivedAt = "";
    private bool _hasPersonal;

    /// <summary>A check for one run.</summary>
    /// <param name="trust">What checkpoints are believed by; with the log's handovers, where its key was rotated.</param>
    /// <param name="manifest">The export's manifest; untrusted.</param>
    /// <param name="name">What the file is called in the report.</param>
    public ExportCheck(CheckpointTrust trust, ExportManifest manifest, string name)
    {
        ArgumentNullException.ThrowIfNull(trust);
        ArgumentNullException.ThrowIfNull(manifest);
        _trust = trust;
        _manifest = manifest;
        _name = name;
    }

    /// <summary>Verifies a file, once.</summary>
    /// <param name="lines">The file; untrusted.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<VerificationReport> RunAsync(Stream lines, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lines);
        TreeHead? head = CheckManifest();
        if (head is not null)
        {
            _head = head.Value;
            await ReadLinesAsync(lines, cancellationToken).ConfigureAwait(false);
            Conclude();
        }

        Verdict verdict = _faults.Count > 0 ? Verdict.NotValid : _unclear.Count > 0 ? Verdict.CouldNotTell : Verdict.Valid;
        return new VerificationReport(verdict, _trust.Origin, head, _count, _checked, _notChecked, _faults, _unclear);
    }

    private TreeHead? CheckManifest()
    {
        if (_manifest.Format != "ndjson" || !_manifest.Proofs)
        {
            _unclear.Add(new VerificationFault("export", _name, "it was made without proofs: nothing shows that its entries are the log's (export with --format ndjson --proofs)"));
            return null;
        }

        try
        {
            VerifiedCheckpoint checkpoint = _trust.Verify(Encoding.UTF8.GetBytes(_manifest.Checkpoint), out string by);
            _checked.Add($"the checkpoint of {checkpoint.Head.Size} entries {by}");
            if (_manifest.AsOf <= checkpoint.Head.Size)
            {
                return checkpoint.Head;
            }

            AddFault("checkpoint", "manifest", $"the export is said to cover {_manifest.AsOf} entries, but its checkpoint has {checkpoint.Head.Size}");
        }
        catch (Exception e) when (e is TlogFormatException or VerificationException)
        {
            AddFault("checkpoint", "manifest", e.Message);
        }

        return null;
    }

    private async Task ReadLinesAsync(Stream lines, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var reader = PipeReader.Create(lines, new StreamPipeReaderOptions(leaveOpen: true));
        bool isWhole = true;
        while (isWhole)
        {
            ReadResult read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            ReadOnlySequence<byte> rest = read.Buffer;
            while (isWhole && rest.PositionOf((byte)'\n') is { } end)
            {
                CheckLine(rest.Slice(0, end));
                Take(hash, rest.Slice(0, rest.GetPosition(1, end)));
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > MaxLineBytes || (read.IsCompleted && rest.Length > 0))
            {
                AddFault("file", _name, read.IsCompleted ? $"it ends in the middle of line {_count + 1}" : $"line {_count + 1} has more than {MaxLineBytes} bytes");
                isWhole = false;
            }

            if (read.IsCompleted)
            {
                break;
            }

            reader.AdvanceTo(rest.Start, rest.End);
        }

        await reader.CompleteAsync().ConfigureAwait(false);
        if (isWhole)
        {
            Compare(Convert.ToHexStringLower(hash.GetCurrentHash()));
        }
    }

    private void Take(IncrementalHash hash, in ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> part in line)
        {
            hash.AppendData(part.Span);
        }

        _bytes += line.Length;
    }

    private void CheckLine(in ReadOnlySequence<byte> line)
    {
        _count++;
        try
        {
            // Of a member given twice two readers could take different values.
            using var item = JsonDocument.Parse(line, s_strict);
            CheckItem(item.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            AddFault("entry", $"line {_count}", $"it is not an entry with its index, hash and proof: {e.Message}");
        }
    }

    private void CheckItem(JsonElement item)
    {
        long index = item.GetProperty("index").GetInt64();
        ReadOnlySpan<byte> entry = JsonMarshal.GetRawUtf8Value(item.GetProperty("entry"));
        Hash leaf = TreeHasher.Leaf(entry);
        string where = $"index {index} (line {_count})";
        _hasPersonal |= item.TryGetProperty("personal", out _);
        if (index <= _lastIndex || index >= _manifest.AsOf)
        {
            AddFault("entry", where, index <= _lastIndex ? $"it comes behind index {_lastIndex}" : $"the export covers {_manifest.AsOf} entries");
            return;
        }

        _lastIndex = index;
        if (!Entry.TryRead(entry, out EntryFacts facts))
        {
            AddFault("entry", where, "it is not canonical JSON with the members of an entry");
            return;
        }

        if (!Hash.TryParseBase64(item.GetProperty("leaf_hash").GetString() ?? "", out Hash said) || said != leaf)
        {
            AddFault("entry", where, $"its bytes hash to {leaf}, not to what stands beside it");
        }

        Hash[] proof = [.. item.GetProperty("proof").EnumerateArray().Take(MaxProof + 1).Select(text => Hash.TryParseBase64(text.GetString() ?? "", out Hash hash) ? hash : throw new FormatException("a hash of its proof is none"))];
        if (!InclusionProof.Verify(leaf, index, _head, proof))
        {
            AddFault("entry", where, $"its proof does not lead from its bytes to the root of the {_head.Size} entries: it is not what the log has at this index");
        }

        if (string.CompareOrdinal(facts.ReceivedAt, _lastReceivedAt) < 0)
        {
            AddFault("entry", where, $"received_at is {facts.ReceivedAt}, before {_lastReceivedAt} of an earlier entry");
        }

        _lastReceivedAt = facts.ReceivedAt;
    }

    private void Compare(string sha256)
    {
        if (sha256 != _manifest.Sha256 || _bytes != _manifest.Bytes || _count != _manifest.Count)
        {
            AddFault("file", _name, $"it has {_count} entries in {_bytes} bytes of SHA-256 {sha256}; the manifest says {_manifest.Count}, {_manifest.Bytes} and {_manifest.Sha256}");
        }
    }

    private void Conclude()
    {
        if (!_manifest.IsComplete)
        {
            _unclear.Add(new VerificationFault("export", _name, $"the manifest says that the export was cut off: {_manifest.Broken}"));
        }

        if (_count == 0)
        {
            _unclear.Add(new VerificationFault("export", _name, "it has no entry: there is nothing that could be proven"));
        }

        if (_faults.Count > 0 || _count == 0)
        {
            return;
        }

        _checked.Add($"{_count} entries: each is canonical, and its proof leads from its bytes to the signed root; indexes rise and times of receipt never go back");
        _checked.Add("the file is the one that the manifest describes: count, bytes, SHA-256");
        if (_count == _manifest.AsOf)
        {
            _checked.Add($"nothing was left out: these are all {_count} entries below the size that the export covers");
        }
        else
        {
            _notChecked.Add($"that nothing that matches was left out, and that all of it matches: that these are the entries for {_manifest.Query} is the server's word");
        }

        if (_hasPersonal)
        {
            _notChecked.Add("personal values beside the entries: that they are what is sealed in them is the server's word (indelible show --openings has what shows it)");
        }

        _notChecked.Add("the manifest's other statements: who exported, when, what he may see");
        _notChecked.Add("that this checkpoint is the log's latest, or that others were shown the same one");
        _notChecked.AddRange(_trust.HandoverHeads.Select(handover => $"the handover at {handover.Size} entries beyond its keys' own word (rotation vouched by the old key only), and that this checkpoint's tree extends its head"));
    }

    private void AddFault(string what, string where, string detail)
    {
        if (_faults.Count < FaultsReported)
        {
            _faults.Add(new VerificationFault(what, where, detail));
        }
        else if (_faults.Count == FaultsReported)
        {
            _faults.Add(new VerificationFault("report", _name, $"there are more than {FaultsReported} faults; the rest is not listed"));
        }
    }
}
