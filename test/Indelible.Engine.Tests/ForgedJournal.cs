using System.Buffers.Binary;
using Indelible.Engine.Storage.Files;

namespace Indelible.Engine.Tests;

/// <summary>What an attacker with root does after he changed a journal file: makes every checksum fit again.</summary>
internal static class ForgedJournal
{
    public static void Reseal(byte[] file)
    {
        ulong id = BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(16));
        long number = BinaryPrimitives.ReadInt64BigEndian(file.AsSpan(24));
        ulong chain = BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(32));
        int at = 4096;
        while (file.AsSpan(at, 4).SequenceEqual("IREC"u8) && BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(at + 16)) == id)
        {
            int payload = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 4));
            int frame = (int)RecordFrame.SizeOf(payload);
            chain = RecordFrame.Seal(file.AsSpan(at, frame), payload, number++, id, chain);
            at += frame;
        }
    }
}
