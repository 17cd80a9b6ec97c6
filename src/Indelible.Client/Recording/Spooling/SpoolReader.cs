namespace Indelible.Client.Recording.Spooling;

/// <summary>Reads a folder's events in order, from a place up to what is durable. Untrusted bytes: what is torn is stepped over and counted.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class SpoolReader(string folder) : IDisposable
{
    private const int ReadBytes = 256 * 1024;
    private byte[] _buffer = new byte[ReadBytes];
    private FileStream? _file;
    private long _open = -1;
    private Guid? _fileId;
    private SpoolPosition _counted;

    /// <summary>Bytes that were no whole event, though something came after them: not a torn end, but damage.</summary>
    public long DamagedBytes { get; private set; }

    /// <summary>The numbers of a folder's spool files, in order.</summary>
    public static long[] FilesOf(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.events").Select(path => long.TryParse(Path.GetFileNameWithoutExtension(path), System.Globalization.NumberStyles.None, null, out long number) ? number : 0).Where(number => number > 0).Order()]
        : [];

    /// <summary>The path of a spool file.</summary>
    public static string PathOf(string folder, long number) => Path.Combine(folder, number.ToString("D12", System.Globalization.CultureInfo.InvariantCulture) + ".events");

    /// <summary>Reads events.</summary>
    /// <param name="place">Where to begin; moved behind what was read.</param>
    /// <param name="durable">Where to end; null for all that there is.</param>
    /// <param name="mostEvents">Events to read.</param>
    /// <param name="mostBytes">Bytes of events to read; the first comes however large.</param>
    /// <param name="into">Receives them.</param>
    public void Read(ref SpoolPosition place, SpoolPosition? durable, int mostEvents, int mostBytes, List<SpooledEvent> into)
    {
        long bytes = 0;
        int most = into.Count + mostEvents;
        while (into.Count < most && bytes < mostBytes && (durable is null || place < durable))
        {
            if (!OpenAt(ref place, durable?.File))
            {
                return;
            }

            long end = durable is { } until && until.File == place.File ? until.Offset : _file!.Length;
            if (place.Offset >= end)
            {
                if (FilesOf(folder).FirstOrDefault(number => number > _open) is not (> 0 and var next) || (durable is { } last && next > last.File))
                {
                    return;
                }

                place = new SpoolPosition(next, SpoolFrame.FileHeaderBytes);
                continue;
            }

            bytes += ReadFrames(ref place, end, most, mostBytes - bytes, into);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>Opens the file of a place, or the first that is there behind it.</summary>
    private bool OpenAt(ref SpoolPosition place, long? last)
    {
        if (_open != place.File || _file is null)
        {
            long wanted = place.File;
            long found = File.Exists(PathOf(folder, wanted)) ? wanted : FilesOf(folder).FirstOrDefault(number => number > wanted);
            if (found == 0 || found > last)
            {
                return false;
            }

            _file?.Dispose();
            _file = SpoolDisk.Open(PathOf(folder, found), FileMode.Open, FileAccess.Read);
            _open = found;
            Span<byte> header = stackalloc byte[SpoolFrame.FileHeaderBytes];
            _fileId = SpoolFrame.ReadFileHeader(header[..RandomAccess.Read(_file.SafeFileHandle, header, 0)]);
            place = new SpoolPosition(found, found == wanted ? place.Offset : 0);
        }

        place = place with { Offset = Math.Max(place.Offset, SpoolFrame.FileHeaderBytes) };
        if (_fileId is null)
        {
            // Begun and not finished: nothing of it was ever acknowledged.
            place = place with { Offset = _file.Length };
        }

        return true;
    }

    private long ReadFrames(ref SpoolPosition place, long end, int mostEvents, long mostBytes, List<SpooledEvent> into)
    {
        int wanted = (int)Math.Min(end - place.Offset, _buffer.Length);
        int read = RandomAccess.Read(_file!.SafeFileHandle, _buffer.AsSpan(0, wanted), place.Offset);
        bool isAll = place.Offset + read >= end || read == 0;
        int at = 0;
        long taken = 0;
        while (into.Count < mostEvents && (taken < mostBytes || at == 0))
        {
            switch (SpoolFrame.Read(_buffer.AsSpan(at, read - at), isAll, _fileId!.Value, out int length))
            {
                case SpoolFrame.Found.Event:
                    (long sequence, string id, int jsonAt) = SpoolFrame.PartsOf(_buffer.AsSpan(at, length));
                    into.Add(new SpooledEvent(sequence, id, _buffer.AsSpan(at + jsonAt, length - jsonAt).ToArray(), place.Offset + at + length));
                    at += length;
                    taken += length;
                    continue;
                case SpoolFrame.Found.Short when at == 0 && length > _buffer.Length:
                    _buffer = new byte[length];
                    return taken;
                case SpoolFrame.Found.Torn:
                    int skip = SpoolFrame.NextMagic(_buffer.AsSpan(at, read - at));
                    bool rest = isAll && skip == read - at;
                    if (!isAll && skip == read - at)
                    {
                        skip = Math.Max(1, skip - 3);   // The next magic may be cut by the buffer's end.
                    }

                    CountDamage(place with { Offset = place.Offset + at }, rest ? 0 : skip);
                    at += skip;
                    if (at < read)
                    {
                        continue;
                    }

                    break;
            }

            break;
        }

        place = place with { Offset = place.Offset + (read == 0 ? end - place.Offset : at) };
        return taken;
    }

    /// <summary>Counts damage once, however often it is read.</summary>
    private void CountDamage(SpoolPosition at, int bytes)
    {
        if (bytes > 0 && at >= _counted)
        {
            DamagedBytes += bytes;
            _counted = at with { Offset = at.Offset + bytes };
        }
    }
}
