using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Indelible.Server.Ingestion.Otlp;

/// <summary>What OTLP wants as answers, in both encodings: <c>ExportLogsServiceResponse</c> and <c>google.rpc.Status</c>.</summary>
internal static class OtlpAnswer
{
    /// <summary>An answer to an export.</summary>
    /// <param name="isJson">Whether in JSON, else in protobuf.</param>
    /// <param name="rejected">Records that were not taken.</param>
    /// <param name="message">Why; empty where all were.</param>
    public static byte[] Response(bool isJson, long rejected, string message)
    {
        if (isJson)
        {
            return Json(json =>
            {
                if (rejected > 0)
                {
                    json.WriteStartObject("partialSuccess");
                    json.WriteString("rejectedLogRecords", rejected.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    json.WriteString("errorMessage", message);
                    json.WriteEndObject();
                }
            });
        }

        var response = new ArrayBufferWriter<byte>();
        if (rejected > 0)
        {
            var partial = new ArrayBufferWriter<byte>();
            WriteVarint(partial, 1, (ulong)rejected);
            WriteBytes(partial, 2, Encoding.UTF8.GetBytes(message));
            WriteBytes(response, 1, partial.WrittenSpan);
        }

        return response.WrittenSpan.ToArray();
    }

    /// <summary>An answer to what was refused as a whole.</summary>
    /// <param name="isJson">Whether in JSON, else in protobuf.</param>
    /// <param name="code">The status as gRPC numbers it.</param>
    /// <param name="message">Why.</param>
    public static byte[] Status(bool isJson, int code, string message)
    {
        if (isJson)
        {
            return Json(json =>
            {
                json.WriteNumber("code", code);
                json.WriteString("message", message);
            });
        }

        var status = new ArrayBufferWriter<byte>();
        WriteVarint(status, 1, (ulong)code);
        WriteBytes(status, 2, Encoding.UTF8.GetBytes(message));
        return status.WrittenSpan.ToArray();
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (Utf8JsonWriter json = JsonText.Writer(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteVarint(ArrayBufferWriter<byte> to, int field, ulong value)
    {
        WriteRaw(to, (ulong)field << 3);
        WriteRaw(to, value);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> to, int field, ReadOnlySpan<byte> bytes)
    {
        WriteRaw(to, ((ulong)field << 3) | 2);
        WriteRaw(to, (ulong)bytes.Length);
        to.Write(bytes);
    }

    private static void WriteRaw(ArrayBufferWriter<byte> to, ulong value)
    {
        while (value >= 0x80)
        {
            to.Write([(byte)(value | 0x80)]);
            value >>= 7;
        }

        to.Write([(byte)value]);
    }
}
