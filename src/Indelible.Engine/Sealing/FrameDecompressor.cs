using System.Buffers.Binary;
using ZstdSharp.Unsafe;

namespace Indelible.Engine.Sealing;

/// <summary>Decompresses the frames of one segment with its dictionary, which is digested once. Thread-safe.</summary>
/// <remarks>
/// The library's safe interface digests a dictionary for each decompressor: for each segment and thread, or for each frame anew. The digest is freed by the
/// collector alone, so that nobody can free it under a read.
/// </remarks>
internal sealed unsafe class FrameDecompressor
{
    private const uint FrameMagic = 0xFD2FB528;

    [ThreadStatic]
    private static Context? t_context;

    private readonly ZSTD_DDict_s* _dictionary;

    /// <param name="dictionary">Untrusted; of no bytes for none.</param>
    public FrameDecompressor(ReadOnlySpan<byte> dictionary)
    {
        fixed (byte* bytes = dictionary)
        {
            _dictionary = dictionary.IsEmpty ? null : Methods.ZSTD_createDDict(bytes, (nuint)dictionary.Length);
        }
    }

    ~FrameDecompressor() => Methods.ZSTD_freeDDict(_dictionary);

    /// <summary>What a frame says that it unpacks to; null where it is not one frame from the first byte to the last, or does not say it, or is a skippable one.</summary>
    /// <param name="frame">Untrusted.</param>
    public static long? ContentBytes(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(frame) != FrameMagic)
        {
            return null;
        }

        fixed (byte* start = frame)
        {
            ulong content = Methods.ZSTD_getFrameContentSize(start, (nuint)frame.Length);
            return content <= int.MaxValue && (ulong)Methods.ZSTD_findFrameCompressedSize(start, (nuint)frame.Length) == (ulong)frame.Length ? (long)content : null;
        }
    }

    /// <summary>Unpacks a frame.</summary>
    /// <param name="frame">Untrusted.</param>
    /// <param name="content">As long as <see cref="ContentBytes"/>.</param>
    /// <returns>Whether it unpacked to exactly so many bytes.</returns>
    public bool TryDecompress(ReadOnlySpan<byte> frame, Span<byte> content)
    {
        Context context = t_context ??= new Context();
        fixed (byte* source = frame)
        fixed (byte* destination = content)
        {
            nuint written = _dictionary is null
                ? Methods.ZSTD_decompressDCtx(context.Handle, destination, (nuint)content.Length, source, (nuint)frame.Length)
                : Methods.ZSTD_decompress_usingDDict(context.Handle, destination, (nuint)content.Length, source, (nuint)frame.Length, _dictionary);
            GC.KeepAlive(this);
            return written == (nuint)content.Length;
        }
    }

    /// <summary>What the library needs beside a dictionary, one for each thread.</summary>
    private sealed class Context
    {
        public Context() => Handle = Methods.ZSTD_createDCtx();

        ~Context() => Methods.ZSTD_freeDCtx(Handle);

        public ZSTD_DCtx_s* Handle { get; }
    }
}
