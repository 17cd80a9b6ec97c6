using System.Buffers;
using System.Text.Json;
using Indelible.Server.Export.Ocsf;

namespace Indelible.Server.Export;

/// <summary>An OCSF event a line.</summary>
internal sealed class OcsfFormat : IExportFormat
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
            OcsfEvent.Write(json, row);
        }

        output.Write("\n"u8);
    }

    /// <inheritdoc/>
    public void End(IBufferWriter<byte> output)
    {
    }
}
