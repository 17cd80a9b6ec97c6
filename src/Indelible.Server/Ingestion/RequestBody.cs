using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Indelible.Server.Problems;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Indelible.Server.Ingestion;

/// <summary>Reads a whole request body, decoded, within <see cref="ServerLimits.BodyBytes"/>.</summary>
internal static class RequestBody
{
    private const int GzipTrailerBytes = 8;

    /// <summary>The decoded body.</summary>
    /// <exception cref="ProblemException">415 for an unknown encoding, 413 for a body that is too large before or after decoding, 400 for one that does not decode.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > ServerLimits.BodyBytes)
        {
            throw new ProblemException(TooLarge());
        }

        string encoding = request.Headers.ContentEncoding.ToString().ToLowerInvariant();
        switch (encoding)
        {
            case "" or "identity":
                return await ReadBoundedAsync(request.Body, request.ContentLength, cancellationToken);
            case "gzip":
                return await UnzipAsync(await ReadBoundedAsync(request.Body, request.ContentLength, cancellationToken), cancellationToken);
            case "zstd":
                // Read whole first: a body of frames that decode to nothing would have no other bound.
                ReadOnlyMemory<byte> frames = await ReadBoundedAsync(request.Body, request.ContentLength, cancellationToken);
                await using (var zstd = new DecompressionStream(StreamOf(frames), leaveOpen: false))
                {
                    // A frame of a few bytes may ask for a window of 128 MiB; none that is allowed here needs more than the whole body.
                    zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, BitOperations.Log2(ServerLimits.BodyBytes));
                    return await DecodeAsync(zstd, encoding, cancellationToken);
                }

            default:
                throw new ProblemException(Problem.Unsupported("Content-Encoding is identity, gzip or zstd."));
        }
    }

    /// <summary>What a gzip member holds, within the same bound.</summary>
    /// <exception cref="ProblemException">413 where it is too large, 400 where it is not one member, whole and alone.</exception>
    public static async Task<ReadOnlyMemory<byte>> UnzipAsync(ReadOnlyMemory<byte> member, CancellationToken cancellationToken)
    {
        await using var gzip = new GZipStream(StreamOf(member), CompressionMode.Decompress);
        ReadOnlyMemory<byte> decoded = await DecodeAsync(gzip, "gzip", cancellationToken);
        return IsWholeGzip(member.Span, decoded.Span) ? decoded : throw new ProblemException(Undecodable("gzip"));
    }

    private static async Task<ReadOnlyMemory<byte>> DecodeAsync(Stream decoded, string encoding, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBoundedAsync(decoded, null, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
        {
            throw new ProblemException(Undecodable(encoding));
        }
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array)
        ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
        : new MemoryStream(bytes.ToArray(), writable: false);

    /// <summary>Whether the body is one gzip member and nothing else: RFC 1952, 2.3.1, CRC32 and ISIZE.</summary>
    /// <remarks>
    /// The framework's stream takes a cut body for a short one, and bytes behind the end for nothing. Of a body cut between two lines
    /// the rest would be lost, and the caller told that all was logged.
    /// </remarks>
    private static bool IsWholeGzip(ReadOnlySpan<byte> member, ReadOnlySpan<byte> decoded) =>
        member.Length >= GzipTrailerBytes
        && BinaryPrimitives.ReadUInt32LittleEndian(member[^8..]) == Crc32.HashToUInt32(decoded)
        && BinaryPrimitives.ReadUInt32LittleEndian(member[^4..]) == (uint)decoded.Length;

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

    private static Problem Undecodable(string encoding) =>
        Problem.InvalidBody($"The body does not decode as {encoding}: it is damaged or cut, or something follows its end.");

    private static Problem TooLarge() => Problem.TooLarge($"A body has at most {ServerLimits.BodyBytes} bytes, before and after decoding; send smaller batches.");
}
