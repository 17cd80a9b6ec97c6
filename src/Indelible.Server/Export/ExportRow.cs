using System.Text.Json;
using Indelible.Engine;
using Indelible.Merkle;
using Indelible.Server.Access;

namespace Indelible.Server.Export;

/// <summary>What all entries of an export have in common.</summary>
/// <param name="Log">Their log.</param>
/// <param name="Entries">How whoever exports sees it.</param>
/// <param name="ProofSize">The size of the checkpoint that they are proven against; null for no proofs.</param>
internal sealed record ExportSource(LogReader Log, VisibleEntries Entries, long? ProofSize);

/// <summary>One entry of an export.</summary>
/// <param name="Source">Of which.</param>
/// <param name="Index">Its leaf index.</param>
/// <param name="View">It as whoever exports may see it.</param>
internal sealed record ExportRow(ExportSource Source, long Index, ReadOnlyMemory<byte> View) : IDisposable
{
    private JsonDocument? _document;

    /// <summary>The exact bytes that were logged.</summary>
    public ReadOnlyMemory<byte> Entry => Source.Log.ReadEntry(Index);

    /// <summary>Their leaf hash.</summary>
    public Hash LeafHash => Source.Log.ReadLeafHash(Index);

    /// <summary>Its inclusion proof; null where none is wanted.</summary>
    public Hash[]? Proof => Source.ProofSize is { } size ? Source.Log.ProveInclusion(Index, size) : null;

    /// <summary>The view as JSON.</summary>
    public JsonElement Json => (_document ??= JsonDocument.Parse(View)).RootElement;

    /// <inheritdoc/>
    public void Dispose() => _document?.Dispose();
}
