using System.Buffers.Binary;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Indelible.Client.Recording.Spooling;

/// <summary>A place between events: the number of a file and an offset in it.</summary>
internal readonly record struct SpoolPosition(long File, long Offset) : IComparable<SpoolPosition>
{
    public int CompareTo(SpoolPosition other) => File != other.File ? File.CompareTo(other.File) : Offset.CompareTo(other.Offset);

    public static bool operator <(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(SpoolPosition left, SpoolPosition right) => left.CompareTo(right) >= 0;
}

/// <summary>The file that says up to where a folder's events are settled: the server has receipted them, or they are dead letters.</summary>
/// <remarks>
/// Two slots, written in turn and synced, so that a torn write leaves the other. Behind by a crash, it costs one batch sent again, which
/// the server knows by its ids.
/// <code>slot, 40 bytes: u64 turn · u64 file · u64 offset · u64 highest number issued · u32 CRC-32C · 4 zeros</code>
/// </remarks>
internal sealed class SpoolSettled : IDisposable
{
    private const int SlotBytes = 40;
    private readonly FileStream _file;
    private ulong _turn;

    public SpoolSettled(string path)
    {
        _file = SpoolDisk.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        (_turn, Position, Highest) = Read(_file.SafeFileHandle);
    }

    /// <summary>Up to where events are settled.</summary>
    public SpoolPosition Position { get; private set; }

    /// <summary>The highest number that the stream had issued when this was written.</summary>
    public long Highest { get; private set; }

    /// <summary>Reads the file of a folder that belongs to somebody else.</summary>
    public static (SpoolPosition Position, long Highest) Peek(string path)
    {
        if (!File.Exists(path))
        {
            return default;
        }

        using FileStream file = SpoolDisk.Open(path, FileMode.Open, FileAccess.Read);
        (_, SpoolPosition position, long highest) = Read(file.SafeFileHandle);
        return (position, highest);
    }

    /// <summary>Moves on; durable on return.</summary>
    public void Write(SpoolPosition position, long highest)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        slot.Clear();
        _turn++;
        BinaryPrimitives.WriteUInt64BigEndian(slot, _turn);
        BinaryPrimitives.WriteInt64BigEndian(slot[8..], position.File);
        BinaryPrimitives.WriteInt64BigEndian(slot[16..], position.Offset);
        BinaryPrimitives.WriteInt64BigEndian(slot[24..], highest);
        BinaryPrimitives.WriteUInt32BigEndian(slot[32..], Checksum(slot));
        RandomAccess.Write(_file.SafeFileHandle, slot, (long)(_turn % 2) * SlotBytes);
        SpoolDisk.Sync(_file.SafeFileHandle);
        Position = position;
        Highest = highest;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static (ulong Turn, SpoolPosition Position, long Highest) Read(SafeFileHandle file)
    {
        Span<byte> both = stackalloc byte[2 * SlotBytes];
        int read = RandomAccess.Read(file, both, 0);
        (ulong Turn, SpoolPosition Position, long Highest) best = default;
        for (int at = 0; at + SlotBytes <= read; at += SlotBytes)
        {
            ReadOnlySpan<byte> slot = both.Slice(at, SlotBytes);
            ulong turn = BinaryPrimitives.ReadUInt64BigEndian(slot);
            if (turn > best.Turn && Checksum(slot) == BinaryPrimitives.ReadUInt32BigEndian(slot[32..]))
            {
                best = (
                    turn,
                    new SpoolPosition(BinaryPrimitives.ReadInt64BigEndian(slot[8..]), BinaryPrimitives.ReadInt64BigEndian(slot[16..])),
                    BinaryPrimitives.ReadInt64BigEndian(slot[24..]));
            }
        }

        return best;
    }

    private static uint Checksum(ReadOnlySpan<byte> slot)
    {
        uint crc = uint.MaxValue;
        for (int at = 0; at < 32; at += sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(slot[at..]));
        }

        return ~crc;
    }
}
