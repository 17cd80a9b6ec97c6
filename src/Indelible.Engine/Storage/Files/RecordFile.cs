using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Indelible.Engine.Storage.Files;

/// <summary>A file that grows by framed records and by nothing else: a tail file, the checkpoint store.</summary>
/// <remarks>
/// <code>
///  0  8 bytes magic
///  8  u32  version, 1
/// 12  u32  zero
/// 16  u64  file id, random
/// 24  u64  what the owner of the format says: a tail file's first index, else zero
/// 32  SHA-256 of bytes 0–31
/// 64  records (see RecordFrame), numbered 0, 1 … in the file, the chain beginning at 0
/// </code>
/// What lies behind the last whole record (<see cref="RestBytes"/>) is what a crash tore or what has rotted; which of the two, the
/// owner knows, and decides. A whole record behind it is what no crash leaves: the file is refused.
/// </remarks>
internal sealed class RecordFile : IDisposable
{
    public const int HeaderBytes = 64;
    private const int HashedHeaderBytes = 32;
    private const int MaxBytes = 1 << 30;

    private readonly DiskFile _file;
    private readonly ulong _id;
    private readonly FrameBuffer _frame = new();
    private readonly List<(long Offset, int Length, ulong ChainBefore)> _records = [];
    private ulong _chain;

    private RecordFile(DiskFile file, ulong id, long tag)
    {
        _file = file;
        _id = id;
        Tag = tag;
    }

    /// <summary>The file's path.</summary>
    public string FullPath => _file.FullPath;

    /// <summary>The number that the header carries for the owner.</summary>
    public long Tag { get; }

    /// <summary>Where the next record begins.</summary>
    public long End { get; private set; } = HeaderBytes;

    /// <summary>How many bytes lie behind the last whole record.</summary>
    public long RestBytes => _file.Length - End;

    /// <summary>The payloads' places: bytes from the start of the file, and lengths.</summary>
    public IEnumerable<(long Offset, int Length)> Records => _records.Select(record => (record.Offset, record.Length));

    /// <summary>Makes a file without records; wholly there or not at all.</summary>
    public static void Create(Disk disk, string path, ReadOnlySpan<byte> magic, long tag, RandomSource random)
    {
        byte[] header = new byte[HeaderBytes];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), 1);
        random.Fill(header.AsSpan(16, 8));
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(24), tag);
        SHA256.HashData(header.AsSpan(0, HashedHeaderBytes), header.AsSpan(HashedHeaderBytes));
        disk.WriteWhole(path, header);
    }

    /// <summary>Opens a file and reads every record's frame.</summary>
    /// <exception cref="StorageException">It has no valid header, or a whole record lies behind a damaged one.</exception>
    public static RecordFile Open(Disk disk, string path, ReadOnlySpan<byte> magic, bool writable)
    {
        DiskFile file = disk.Open(path, writable);
        try
        {
            long length = file.Length;
            if (length > MaxBytes)
            {
                throw Damaged(path, $"has {length} bytes, more than the {MaxBytes} it can have");
            }

            byte[] bytes = new byte[length];
            file.ReadExactly(0, bytes);
            if (bytes.Length < HeaderBytes || !bytes.AsSpan(0, 8).SequenceEqual(magic)
                || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8)) != 1
                || !SHA256.HashData(bytes.AsSpan(0, HashedHeaderBytes)).AsSpan().SequenceEqual(bytes.AsSpan(HashedHeaderBytes, 32)))
            {
                throw Damaged(path, "has no valid header");
            }

            var opened = new RecordFile(file, BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(24)));
            opened.FindRecords(bytes);
            return opened;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The bytes behind the last whole record.</summary>
    public byte[] ReadRest()
    {
        byte[] rest = new byte[RestBytes];
        _file.ReadExactly(End, rest);
        return rest;
    }

    /// <summary>Cuts off what lies behind the first <paramref name="records"/> records; durable on return.</summary>
    public void Cut(int records)
    {
        if (records < _records.Count)
        {
            End = _records[records].Offset - RecordFrame.HeaderBytes;
            _chain = _records[records].ChainBefore;
            _records.RemoveRange(records, _records.Count - records);
        }

        if (RestBytes > 0)
        {
            _file.SetLength(End);
            _file.Sync();
        }
    }

    /// <summary>An empty buffer for the payload of the next record, which <see cref="Append"/> writes. The payload begins at <see cref="RecordFrame.HeaderBytes"/>.</summary>
    public FrameBuffer NewPayload()
    {
        _frame.Clear();
        _frame.GetSpan(RecordFrame.HeaderBytes)[..RecordFrame.HeaderBytes].Clear();
        _frame.Advance(RecordFrame.HeaderBytes);
        return _frame;
    }

    /// <summary>Writes the record whose payload lies in the buffer that <see cref="NewPayload"/> gave; durable on return.</summary>
    /// <exception cref="StorageException">
    /// There was no room, say: nothing was changed. Or, with <see cref="StorageOutcome.Unknown"/>: the file must not be appended to any more.
    /// </exception>
    public void Append()
    {
        int payloadBytes = _frame.Count - RecordFrame.HeaderBytes;
        int padding = (int)(RecordFrame.SizeOf(payloadBytes) - _frame.Count);
        _frame.GetSpan(RecordFrame.Alignment)[..padding].Clear();
        _frame.Advance(padding);
        ulong before = _chain;
        ulong chain = RecordFrame.Seal(_frame.Written, payloadBytes, _records.Count, _id, _chain);
        try
        {
            _file.Write(End, _frame.Written);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TakeBack(e);
        }

        try
        {
            _file.Sync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unknown(e);
        }

        _chain = chain;
        _records.Add((End + RecordFrame.HeaderBytes, payloadBytes, before));
        End += _frame.Count;
    }

    /// <summary>Fills <paramref name="destination"/> with the file's bytes from <paramref name="offset"/> on.</summary>
    public void Read(long offset, Span<byte> destination) => _file.ReadExactly(offset, destination);

    /// <summary>Reads a record's payload.</summary>
    public byte[] ReadPayload((long Offset, int Length) record)
    {
        byte[] payload = new byte[record.Length];
        _file.ReadExactly(record.Offset, payload);
        return payload;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Cuts off what a write that failed may have left, so that the file is known again: a disk may be full for a while.</summary>
    [DoesNotReturn]
    private void TakeBack(Exception failure)
    {
        try
        {
            _file.SetLength(End);
            _file.Sync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unknown(e);
        }

        throw new StorageException($"{Path.GetFileName(FullPath)} could not be written: {failure.Message}", StorageOutcome.NothingChanged, failure);
    }

    private StorageException Unknown(Exception failure) =>
        new($"Writing {Path.GetFileName(FullPath)} failed; what is on disk is not known.", StorageOutcome.Unknown, failure);

    private static StorageException Damaged(string path, string what) =>
        new($"{Path.GetFileName(path)} {what}.", StorageOutcome.Damaged);

    private void FindRecords(byte[] bytes)
    {
        ulong before = _chain;
        while (RecordFrame.Read(bytes.AsSpan((int)End), _records.Count, _id, ref _chain, out int length) == RecordFrame.Found.Record)
        {
            _records.Add((End + RecordFrame.HeaderBytes, length, before));
            End += RecordFrame.SizeOf(length);
            before = _chain;
        }

        if (RecordFrame.AnyRecordBehind(bytes, End, _id, out long later))
        {
            throw Damaged(FullPath, $"is damaged at byte {End}: a whole record lies behind it at byte {later}");
        }
    }
}
