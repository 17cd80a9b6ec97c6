using System.Buffers;
using System.Text.Json;
using Indelible.Server.Endpoints;

namespace Indelible.Server.Export;

/// <summary>An item a line, as search has them: the exact entry, its index and leaf hash, and its proof where that is wanted.</summary>
internal sealed class NdjsonFormat : IExportFormat
{
    /// <inheritdoc/>
    public string ContentType => "application/x-ndjson";

    /// <inheritdoc/>
    public void Begin(IBufferWriter<byte> output)
    {
    }

    /// <inheritdoc/>
    public void Add(IBufferWriter<byte> output, ExportRow row)
    {
        using (Utf8JsonWriter json = JsonText.Writer(output))
        {
            EntryItem.Write(json, row.Source.Log, row.Source.Entries, row.Index, row.Entry, row.View, row.Proof);
        }

        output.Write("\n"u8);
    }

    /// <inheritdoc/>
    public void End(IBufferWriter<byte> output)
    {
    }
}
