using System.Buffers;

namespace Indelible.Engine.Storage;

/// <summary>A growing buffer that is used again and again, whose written part can still be changed.</summary>
/// <remarks><c>ArrayBufferWriter</c> gives its written part read-only, but a record's header is known only when its payload is. Not thread-safe.</remarks>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[64 * 1024];

    public int Count { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Count);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Count);

    /// <summary>Forgets the content; memory beyond <paramref name="keepBytes"/> is given back.</summary>
    public void Clear(int keepBytes = 32 << 20)
    {
        Count = 0;
        if (_bytes.Length > keepBytes)
        {
            _bytes = new byte[64 * 1024];
        }
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Count), nameof(count));
        Count += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Count);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Count);
    }

    private void Reserve(int sizeHint)
    {
        int wanted = Math.Max(sizeHint, 1);
        if (_bytes.Length - Count < wanted)
        {
            Array.Resize(ref _bytes, checked(Math.Max(_bytes.Length * 2, Count + wanted)));
        }
    }
}
