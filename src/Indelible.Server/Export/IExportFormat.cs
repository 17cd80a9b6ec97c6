using System.Buffers;

namespace Indelible.Server.Export;

/// <summary>Entries as the bytes of a file. For one export, on one thread at a time.</summary>
internal interface IExportFormat
{
    /// <summary>The media type of the bytes.</summary>
    string ContentType { get; }

    /// <summary>The columns; null where there are none.</summary>
    IReadOnlyList<string>? Fields => null;

    /// <summary>Writes what comes before the first entry.</summary>
    void Begin(IBufferWriter<byte> output);

    /// <summary>Takes an entry; what is written by then may be of earlier ones.</summary>
    void Add(IBufferWriter<byte> output, ExportRow row);

    /// <summary>Writes what is left.</summary>
    void End(IBufferWriter<byte> output);
}
