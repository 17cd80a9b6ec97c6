using System.IO.Compression;
using Indelible.Server.Problems;
using ZstdSharp;

namespace Indelible.Server.Ingestion;

/// <summary>Reads a whole request body, decoded, within <see cref="ServerLimits.BodyBytes"/>.</summary>
internal static class RequestBody
{
    /// <summary>The decoded body.</summary>
    /// <exception cref="ProblemException">415 for an unknown encoding, 413 for a body that is too large before or after decoding, 400 for one that does not decode.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > ServerLimits.BodyBytes)
        {
            throw new ProblemException(TooLarge());
        }

        string encoding = request.Headers.ContentEncoding.ToString();
        switch (encoding)
        {
            case "" or "identity":
                return await ReadBoundedAsync(request.Body, request.ContentLength, cancellationToken);
            case "gzip":
                await using (var gzip = new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true))
                {
                    return await DecodeAsync(gzip, encoding, cancellationToken);
                }

            case "zstd":
                await using (var zstd = new DecompressionStream(request.Body, leaveOpen: true))
                {
                    return await DecodeAsync(zstd, encoding, cancellationToken);
                }

            default:
                throw new ProblemException(Problem.Unsupported("Content-Encoding is identity, gzip or zstd."));
        }
    }

    private static async Task<ReadOnlyMemory<byte>> DecodeAsync(Stream decoded, string encoding, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBoundedAsync(decoded, null, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
        {
            throw new ProblemException(Problem.InvalidBody($"The body does not decode as {encoding}."));
        }
    }

    /// <summary>Reads up to the bound and not a byte of memory further: a few kilobytes may decode to gigabytes.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(Stream stream, long? announced, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[(int)Math.Clamp(announced + 1 ?? 4096, 256, ServerLimits.BodyBytes + 1)];
        int count = 0;
        while (true)
        {
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, Math.Min(bytes.Length * 2, ServerLimits.BodyBytes + 1));
            }

            int read = await stream.ReadAsync(bytes.AsMemory(count), cancellationToken);
            if (read == 0)
            {
                return bytes.AsMemory(0, count);
            }

            count += read;
            if (count > ServerLimits.BodyBytes)
            {
                throw new ProblemException(TooLarge());
            }
        }
    }

    private static Problem TooLarge() => Problem.TooLarge($"A body has at most {ServerLimits.BodyBytes} bytes, before and after decoding; send smaller batches.");
}
