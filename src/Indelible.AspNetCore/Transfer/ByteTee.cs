using System.Buffers;

namespace Indelible.AspNetCore.Transfer;

/// <summary>Keeps the first bytes that pass, up to a cap, and counts them all.</summary>
internal sealed class ByteTee(int cap)
{
    private byte[] _kept = [];

    /// <summary>All bytes that passed.</summary>
    public long Total { get; private set; }

    /// <summary>Bytes kept: the first <see cref="Total"/> or as many as the cap.</summary>
    public int Kept { get; private set; }

    public ReadOnlyMemory<byte> Start => _kept.AsMemory(0, Kept);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Total += bytes.Length;
        int take = Math.Min(bytes.Length, cap - Kept);
        if (take <= 0)
        {
            return;
        }

        if (Kept + take > _kept.Length)
        {
            Array.Resize(ref _kept, Math.Min(cap, Math.Max(Kept + take, _kept.Length * 2)));
        }

        bytes[..take].CopyTo(_kept.AsSpan(Kept));
        Kept += take;
    }

    public void Add(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> part in bytes)
        {
            Add(part.Span);
        }
    }
}
