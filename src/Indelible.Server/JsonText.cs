using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Indelible.Server;

/// <summary>How the server writes JSON: only what JSON asks for is escaped. Nothing of it is ever put into a page's markup.</summary>
public static class JsonText
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A writer to a stream.</summary>
    public static Utf8JsonWriter Writer(Stream output) => new(output, s_options);

    /// <summary>A writer to a buffer.</summary>
    public static Utf8JsonWriter Writer(IBufferWriter<byte> output) => new(output, s_options);
}
