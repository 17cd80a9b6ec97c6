using System.Buffers.Binary;
using System.Security.Cryptography;
using Indelible.Engine.Storage.Files;

namespace Indelible.Fuzz.Targets;

/// <summary>Makes the digests of framed files fit their changed bytes again, as somebody who alters a file on purpose does.</summary>
internal static class FrameMending
{
    private const int Magic = 0x49524543;

    /// <summary>A journal file: header digest, padding of the header, checksums and chain of its records.</summary>
    public static byte[] Journal(byte[] file)
    {
        if (file.Length < 4096)
        {
            return file;
        }

        SHA256.HashData(file.AsSpan(0, 40), file.AsSpan(40));
        file.AsSpan(72, 4096 - 72).Clear();
        Records(file, 4096, BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(16)), BinaryPrimitives.ReadInt64BigEndian(file.AsSpan(24)), BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(32)));
        return file;
    }

    /// <summary>A tail file or checkpoint store: header digest, checksums and chain of its records.</summary>
    public static byte[] RecordFile(byte[] file)
    {
        if (file.Length < 64)
        {
            return file;
        }

        SHA256.HashData(file.AsSpan(0, 32), file.AsSpan(32));
        Records(file, 64, BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(16)), 0, 0);
        return file;
    }

    // Lengths and magics are left as the mutation made them: from the first that does not fit on, records stay torn. Numbers and ids are
    // set right, but not where a record says that it is another file's.
    private static void Records(byte[] file, int at, ulong id, long number, ulong chain)
    {
        while (file.Length - at >= RecordFrame.HeaderBytes && BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at)) == Magic
            && BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(at + 16)) == id)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 4));
            if (length < 0 || RecordFrame.SizeOf(length) > file.Length - at)
            {
                return;
            }

            int size = (int)RecordFrame.SizeOf(length);
            chain = RecordFrame.Seal(file.AsSpan(at, size), length, number++, id, chain);
            at += size;
        }
    }
}
