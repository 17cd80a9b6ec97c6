using System.IO.Compression;

namespace Indelible.Cli.Import;

/// <summary>Reads AWS CloudTrail files as events of schema <c>audit/1</c>.</summary>
/// <remarks>
/// <para>
/// The files are foreign: nothing in them is trusted, memory is bounded by <see cref="RecordReader.MaxRecordBytes"/> whatever they
/// hold, and every record comes out as a claim or as a fault with its position. A bad record does not end its file and a bad file
/// does not end the import. The rules are those of <c>docs/mappings/cloudtrail.md</c>.
/// </para>
/// <para>Reads lazily, in one pass, in the order given. Not thread-safe while one result is being enumerated.</para>
/// </remarks>
/// <param name="original">
/// What becomes of the record itself. <see cref="OriginalMode.Personal"/> and <see cref="OriginalMode.Clear"/> give the same claims:
/// which of the two it is, the caller says to the log when it appends them.
/// </param>
internal sealed class CloudTrailImport(OriginalMode original)
{
    /// <summary>What becomes of the record itself.</summary>
    public OriginalMode Original { get; } = original;

    /// <summary>Reads files, and all files below folders in ordinal order of their paths.</summary>
    /// <param name="paths">Files or folders. One that cannot be read is a fault, and the others are read all the same.</param>
    /// <returns>One item for every record, in order.</returns>
    public IEnumerable<ImportedItem> ReadPaths(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return paths.SelectMany(ReadPath);
    }

    /// <summary>Reads one file's content: plain or gzip, told by its first bytes.</summary>
    /// <param name="stream">Untrusted bytes from their start; read to the end and left open.</param>
    /// <param name="file">The name to report positions under.</param>
    /// <returns>One item for every record, in order; none for a file whose list of records is empty.</returns>
    public IEnumerable<ImportedItem> Read(Stream stream, string file)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Stream unpacked;
        try
        {
            unpacked = IsGzip(stream, out byte[] head)
                ? new GZipStream(new PrefixedStream(head, stream), CompressionMode.Decompress)
                : new PrefixedStream(head, stream);
        }
        catch (IOException e)
        {
            return [new ImportFault(new ImportPosition(file, 0, null), "", $"The file could not be read: {e.Message}")];
        }

        return ReadRecords(new RecordReader(unpacked), file);
    }

    private IEnumerable<ImportedItem> ReadPath(string path)
    {
        if (!Directory.Exists(path))
        {
            return ReadFile(path);
        }

        try
        {
            // Sorted, so that the same folder is always appended in the same order.
            string[] files = Directory.GetFiles(path, "*", SearchOption.AllDirectories);
            Array.Sort(files, StringComparer.Ordinal);
            return files.SelectMany(ReadFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new ImportFault(new ImportPosition(path, 0, null), "", $"The folder could not be listed: {e.Message}")];
        }
    }

    private IEnumerable<ImportedItem> ReadFile(string path)
    {
        if (!TryOpen(path, out FileStream? stream, out string? error))
        {
            yield return new ImportFault(new ImportPosition(path, 0, null), "", $"The file could not be opened: {error}");
            yield break;
        }

        using (stream)
        {
            foreach (ImportedItem item in Read(stream!, path))
            {
                yield return item;
            }
        }
    }

    private static bool TryOpen(string path, out FileStream? stream, out string? error)
    {
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
            error = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            stream = null;
            error = e.Message;
            return false;
        }
    }

    private static bool IsGzip(Stream stream, out byte[] head)
    {
        head = new byte[2];
        int read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        head = head[..read];
        return read == 2 && head[0] == 0x1f && head[1] == 0x8b;
    }

    private IEnumerable<ImportedItem> ReadRecords(RecordReader reader, string file)
    {
        foreach (FramedRecord framed in reader.ReadAll())
        {
            var position = new ImportPosition(file, framed.Number, framed.Offset);
            yield return framed.Error is null
                ? CloudTrailMapping.Map(framed.Utf8, position, Original != OriginalMode.None)
                : new ImportFault(position, "", framed.Error);
        }
    }
}
