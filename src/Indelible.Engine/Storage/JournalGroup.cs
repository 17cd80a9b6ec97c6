using System.Buffers.Binary;
using System.Text;
using Indelible.Tiles;

namespace Indelible.Engine.Storage;

/// <summary>Consecutive entries of one log, in a group.</summary>
/// <param name="Log">The log's name.</param>
/// <param name="FirstIndex">The leaf index of the first entry; the log must end here for the group to be written.</param>
/// <param name="Entries">The entries' bytes, in index order; at least one.</param>
public sealed record JournalBatch(string Log, long FirstIndex, IReadOnlyList<ReadOnlyMemory<byte>> Entries);

/// <summary>Where an entry's bytes lie in the payload of a journal record.</summary>
/// <param name="Offset">Bytes from the start of the payload.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct PayloadRange(int Offset, int Length);

/// <summary>The entries, of any number of logs, that become durable together: the payload of one journal record.</summary>
/// <remarks>
/// Layout, big-endian, so that a reader in ten years needs this comment alone:
/// <code>
/// u16 batches
/// per batch:  u8 length of name | name (ASCII) | u64 first index | u32 entries | u32 bytes that follow | entry bundle encoding
/// </code>
/// The entry bundle encoding is that of c2sp.org/tlog-tiles: u16 length and bytes, entry after entry.
/// </remarks>
internal static class JournalGroup
{
    /// <summary>Writes the payload of a group.</summary>
    /// <param name="batches">One batch a log at most; 1 to 65,535 of them.</param>
    /// <param name="payload">Receives the bytes, at its end.</param>
    /// <param name="ranges">Receives where each entry lies, batch by batch, in order.</param>
    internal static void Write(IReadOnlyList<JournalBatch> batches, FrameBuffer payload, List<PayloadRange> ranges)
    {
        int start = payload.Count;
        BinaryPrimitives.WriteUInt16BigEndian(payload.GetSpan(2), checked((ushort)batches.Count));
        payload.Advance(2);
        foreach (JournalBatch batch in batches)
        {
            int bundleBytes = 0;
            foreach (ReadOnlyMemory<byte> entry in batch.Entries)
            {
                bundleBytes = checked(bundleBytes + 2 + entry.Length);
            }

            int nameLength = Encoding.ASCII.GetByteCount(batch.Log);
            Span<byte> head = payload.GetSpan(1 + nameLength + 16);
            head[0] = checked((byte)nameLength);
            Encoding.ASCII.GetBytes(batch.Log, head[1..]);
            BinaryPrimitives.WriteInt64BigEndian(head[(1 + nameLength)..], batch.FirstIndex);
            BinaryPrimitives.WriteInt32BigEndian(head[(1 + nameLength + 8)..], batch.Entries.Count);
            BinaryPrimitives.WriteInt32BigEndian(head[(1 + nameLength + 12)..], bundleBytes);
            payload.Advance(1 + nameLength + 16);
            foreach (ReadOnlyMemory<byte> entry in batch.Entries)
            {
                ranges.Add(new PayloadRange(payload.Count - start + 2, entry.Length));
                EntryBundle.WriteEntry(payload, entry.Span);
            }
        }
    }

    /// <summary>Reads a payload back, checking every length before memory is taken.</summary>
    /// <param name="payload">Bytes whose checksum has been verified; still read as if they were hostile.</param>
    /// <exception cref="StorageException">The payload is not a group, to the last byte.</exception>
    public static IReadOnlyList<JournalBatch> Read(ReadOnlyMemory<byte> payload)
    {
        ReadOnlySpan<byte> span = payload.Span;
        int at = 2;
        int count = span.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(span) : throw Damaged("it is shorter than its count");
        if (count == 0)
        {
            throw Damaged("it has no batch");
        }

        var logs = new HashSet<string>(StringComparer.Ordinal);
        var batches = new List<JournalBatch>(Math.Min(count, 1024));
        for (int i = 0; i < count; i++)
        {
            if (span.Length - at < 17 || span.Length - at < 17 + span[at])
            {
                throw Damaged($"batch {i} is cut short");
            }

            int nameLength = span[at];
            ReadOnlySpan<byte> name = span.Slice(at + 1, nameLength);
            string log = Encoding.ASCII.GetString(name);

            // What is not ASCII would be read as another name than the one that is written.
            if (!Ascii.IsValid(name) || (count > 1 && !logs.Add(log)))
            {
                throw Damaged($"batch {i} has a name that is none, or that of another batch: {log}");
            }

            at += 1 + nameLength;
            long first = BinaryPrimitives.ReadInt64BigEndian(span[at..]);
            int entries = BinaryPrimitives.ReadInt32BigEndian(span[(at + 8)..]);
            int bytes = BinaryPrimitives.ReadInt32BigEndian(span[(at + 12)..]);
            at += 16;
            if (first < 0 || entries < 1 || first > long.MaxValue - entries || bytes < 2L * entries || bytes > span.Length - at
                || !EntryBundle.TryParse(payload.Slice(at, bytes), entries, out ReadOnlyMemory<byte>[]? parsed))
            {
                throw Damaged($"batch {i} of log {log} does not hold the {entries} entries it announces");
            }

            batches.Add(new JournalBatch(log, first, parsed));
            at += bytes;
        }

        return at == span.Length ? batches : throw Damaged($"{span.Length - at} bytes follow its last batch");
    }

    /// <summary>Where each entry of a payload written by <see cref="Write"/> lies.</summary>
    /// <param name="batches">What <see cref="Read"/> gave for the payload.</param>
    public static List<PayloadRange> Ranges(IReadOnlyList<JournalBatch> batches)
    {
        var ranges = new List<PayloadRange>();
        int at = 2;
        foreach (JournalBatch batch in batches)
        {
            at += 1 + batch.Log.Length + 16;
            foreach (ReadOnlyMemory<byte> entry in batch.Entries)
            {
                ranges.Add(new PayloadRange(at + 2, entry.Length));
                at += 2 + entry.Length;
            }
        }

        return ranges;
    }

    private static StorageException Damaged(string what) => new($"A journal group is damaged: {what}.", StorageOutcome.Damaged);
}
