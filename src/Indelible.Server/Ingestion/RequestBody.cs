using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Indelible.Server.Limits;
using Indelible.Server.Problems;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Indelible.Server.Ingestion;

/// <summary>Reads a whole request body, decoded, within <see cref="ServerLimits.BodyBytes"/>.</summary>
internal static class RequestBody
{
    private const int GzipTrailerBytes = 8;

    /// <summary>The decoded body.</summary>
    /// <param name="request">The request.</param>
    /// <param name="room">Where the memory for it is counted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ProblemException">429 where there is no room for it now, 415 for an unknown encoding, 413 for a body that is too large before or after decoding, 400 for one that does not decode.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, BodyRoom room, CancellationToken cancellationToken)
    {
        if (request.ContentLength > ServerLimits.BodyBytes)
        {
            throw new ProblemException(TooLarge());
        }

        string encoding = request.Headers.ContentEncoding.ToString().ToLowerInvariant();
        switch (encoding)
        {
            case "" or "identity":
                return await ReadBoundedAsync(request.Body, request.ContentLength, room, cancellationToken);
            case "gzip":
                return await UnzipAsync(await ReadBoundedAsync(request.Body, request.ContentLength, room, cancellationToken), room, cancellationToken);
            case "zstd":
                // Read whole first: a body of frames that decode to nothing would have no other bound.
                ReadOnlyMemory<byte> frames = await ReadBoundedAsync(request.Body, request.ContentLength, room, cancellationToken);
                await using (var zstd = new DecompressionStream(StreamOf(frames), leaveOpen: false))
                {
                    // A frame of a few bytes may ask for a window of 128 MiB; none that is allowed here needs more than the whole body.
                    zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, BitOperations.Log2(ServerLimits.BodyBytes));
                    return await DecodeAsync(zstd, encoding, room, cancellationToken);
                }

            default:
                throw new ProblemException(Problem.Unsupported("Content-Encoding is identity, gzip or zstd."));
        }
    }

    /// <summary>What a gzip member holds, within the same bound.</summary>
    /// <exception cref="ProblemException">413 where it is too large, 400 where it is not one member, whole and alone; 429 where there is no room for it.</exception>
    public static async Task<ReadOnlyMemory<byte>> UnzipAsync(ReadOnlyMemory<byte> member, BodyRoom room, CancellationToken cancellationToken)
    {
        await using var gzip = new GZipStream(StreamOf(member), CompressionMode.Decompress);
        ReadOnlyMemory<byte> decoded = await DecodeAsync(gzip, "gzip", room, cancellationToken);
        return IsWholeGzip(member.Span, decoded.Span) ? decoded : throw new ProblemException(Undecodable("gzip"));
    }

    private static async Task<ReadOnlyMemory<byte>> DecodeAsync(Stream decoded, string encoding, BodyRoom room, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadBoundedAsync(decoded, null, room, cancellationToken);
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
    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(Stream stream, long? announced, BodyRoom room, CancellationToken cancellationToken)
    {
        int size = (int)Math.Clamp(announced + 1 ?? 4096, 256, ServerLimits.BodyBytes + 1);
        room.Take(size);
        byte[] bytes = new byte[size];
        int count = 0;
        while (true)
        {
            if (count == bytes.Length)
            {
                size = Math.Min(bytes.Length * 2, ServerLimits.BodyBytes + 1);
                room.Take(size - bytes.Length);
                Array.Resize(ref bytes, size);
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
