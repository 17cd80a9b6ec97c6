using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Publishing;
using Indelible.Engine.Storage;
using Indelible.Events;
using Indelible.Search;
using Indelible.Server.Access;
using Indelible.Server.Indexing;
using Indelible.Server.Limits;
using Indelible.Verification;

namespace Indelible.Server.Export;

/// <summary>One export: streams what matches, and enters in <c>_access</c> that it began and how it ended.</summary>
/// <remarks>
/// Memory is constant: a page of results, and what is written of some of them. An answer that is not complete is never ended as one that is: the connection is
/// broken, and the manifest says so.
/// </remarks>
/// <param name="engine">The engine.</param>
/// <param name="resources">What the node's requests share.</param>
/// <param name="indexes">The node's indexes.</param>
/// <param name="admission">Who exports, and from what.</param>
/// <param name="request">What.</param>
/// <param name="checkpoint">Covers the size that is exported.</param>
internal sealed class ExportRun(LogEngine engine, NodeResources resources, LogIndexes indexes, Admission admission, ExportRequest request, PublishedCheckpoint checkpoint) : IDisposable
{
    // Enough for the tenant's turn (NodeResources.ScanAsync), few enough that what is written of them stays within some megabytes, mostly.
    private const int EntriesAtOnce = 128;

    private readonly VisibleEntries _entries = admission.EntriesFor(Rights.Export, resources, indexes);
    private readonly IExportFormat _format = request.MakeFormat();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private long _count;
    private long _bytes;

    /// <summary>The export's id.</summary>
    public string Id { get; } = Guid.CreateVersion7(engine.Time.GetUtcNow()).ToString();

    /// <summary>The media type of what is streamed.</summary>
    public string ContentType => _format.ContentType;

    /// <summary>Streams it, once.</summary>
    /// <param name="output">Where to; nothing is written before the beginning is entered and something was found or everything was looked at.</param>
    /// <param name="stopping">Whether the node stops, asked where the export was cut off.</param>
    /// <param name="cancellationToken">Cuts it off.</param>
    /// <returns>Its manifest, of a complete export.</returns>
    /// <exception cref="ExportBrokenException">It was cut off; its end is entered.</exception>
    public async Task<ExportManifest> RunAsync(Stream output, Func<bool> stopping, CancellationToken cancellationToken)
    {
        DateTimeOffset started = engine.Time.GetUtcNow();
        await AccessTrail.ExportBeganAsync(engine, admission.Caller, admission.Log, Id, request);
        Exception? failure = null;
        try
        {
            await StreamAsync(output, cancellationToken);
        }
        catch (Exception e)
        {
            failure = e;
        }

        ExportManifest manifest = ManifestOf(started, failure is null ? null : WordFor(failure, stopping()));
        await AccessTrail.ExportEndedAsync(engine, admission.Caller, admission.Log, manifest);
        return failure is null ? manifest : throw new ExportBrokenException(manifest, failure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        (_format as IDisposable)?.Dispose();
    }

    private async Task StreamAsync(Stream output, CancellationToken cancellationToken)
    {
        var source = new ExportSource(admission.Log, _entries, request.HasProofs ? checkpoint.Head.Size : null);
        bool isBegun = false;
        await foreach (IReadOnlyList<SearchHit> page in MatchingEntries.PagesAsync(_entries, request, cancellationToken))
        {
            RequireSameAccess();
            if (!isBegun)
            {
                _format.Begin(_buffer);
                isBegun = true;
            }

            foreach (SearchHit[] hits in page.Chunk(EntriesAtOnce))
            {
                await resources.ScanAsync(admission.Log.Settings.Name, hits.Length, () => Add(source, hits));
                await FlushAsync(output, cancellationToken);

                // A slow reader may have taken minutes for these.
                RequireSameAccess();
            }
        }

        _format.End(_buffer);
        await FlushAsync(output, cancellationToken);
    }

    private bool Add(ExportSource source, SearchHit[] hits)
    {
        foreach (SearchHit hit in hits)
        {
            using var row = new ExportRow(source, hit.Index, hit.View);
            _format.Add(_buffer, row);
            _count++;
        }

        return true;
    }

    private async Task FlushAsync(Stream output, CancellationToken cancellationToken)
    {
        if (_buffer.WrittenCount > 0)
        {
            _hash.AppendData(_buffer.WrittenSpan);
            await output.WriteAsync(_buffer.WrittenMemory, cancellationToken);
            await output.FlushAsync(cancellationToken);
            _bytes += _buffer.WrittenCount;
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>What was revoked, has expired or was narrowed ends the export: half of it would be by one right, half by another.</summary>
    private void RequireSameAccess()
    {
        if (AccessControl.Renew(engine, admission, Rights.Export) is not { } renewed || !renewed.Access.SightsFor(Rights.Export).SequenceEqual(admission.Access.SightsFor(Rights.Export)))
        {
            throw new AccessChangedException();
        }
    }

    private ExportManifest ManifestOf(DateTimeOffset started, string? broken) => new()
    {
        Id = Id,
        Log = admission.Log.Settings.Name,
        Origin = admission.Log.Settings.Origin,
        Query = request.Query.ToString(),
        From = request.Time?.From is { } from ? Instant.Format(from) : null,
        To = request.Time?.To is { } to ? Instant.Format(to) : null,
        AsOf = request.AsOf,
        Format = request.Format,
        Fields = _format.Fields,
        Proofs = request.HasProofs,
        Rows = _entries.IsWhole ? "all" : "limited",
        Personal = _entries.IsClear ? "shown" : _entries.ShowsPersonal ? "mixed" : "masked",
        Count = _count,
        Bytes = _bytes,
        Sha256 = Convert.ToHexStringLower(_hash.GetCurrentHash()),
        IsComplete = broken is null,
        Broken = broken,
        Principal = admission.Caller.Principal,
        Started = started,
        Ended = engine.Time.GetUtcNow(),
        Checkpoint = Encoding.UTF8.GetString(checkpoint.Note.Span),
    };

    private static string WordFor(Exception failure, bool isStopping) => failure switch
    {
        AccessChangedException => "access_changed",
        OperationCanceledException when isStopping => "stopping",
        OperationCanceledException or IOException and not StorageException => "client_gone",
        StorageException { Outcome: StorageOutcome.Damaged } => "damaged",
        _ => "failed",
    };

    private sealed class AccessChangedException : Exception;
}
