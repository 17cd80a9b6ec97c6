namespace Indelible.Client.Recording.Spooling;

/// <summary>A stream's folder, looked at from outside.</summary>
/// <param name="Stream">The stream's id.</param>
/// <param name="IsAlive">Whether a process holds it.</param>
/// <param name="Events">Events that wait.</param>
/// <param name="Bytes">Bytes that wait.</param>
/// <param name="First">The lowest number that waits; 0 for none.</param>
/// <param name="Last">The highest number that waits; 0 for none.</param>
/// <param name="ReceiptBytes">Bytes of receipts that are not proven yet.</param>
internal sealed record SpooledStream(string Stream, bool IsAlive, long Events, long Bytes, long First, long Last, long ReceiptBytes);

/// <summary>Reads a spool beside the processes that use it, and changes nothing.</summary>
internal static class SpoolView
{
    private const int Step = 1_000;

    /// <summary>The streams of a spool, oldest first.</summary>
    public static IEnumerable<SpooledStream> Streams(string root)
    {
        string streams = SpoolRoot.StreamsOf(root);
        if (!Directory.Exists(streams))
        {
            yield break;
        }

        foreach (string path in Directory.EnumerateDirectories(streams).Order(StringComparer.Ordinal))
        {
            long count = 0, first = 0, last = 0;
            foreach (SpooledEvent one in Events(path))
            {
                first = count++ == 0 ? one.Sequence : Math.Min(first, one.Sequence);
                last = Math.Max(last, one.Sequence);
            }

            (SpoolPosition settled, _) = SpoolSettled.Peek(Path.Combine(path, SpoolFolder.SettledName));
            yield return new SpooledStream(
                Path.GetFileName(path), IsHeld(path), count, count == 0 ? 0 : SpoolFolder.SizeBehind(path, settled), first, last,
                Sending.ReceiptStore.Files(path).Sum(file => new FileInfo(file).Length));
        }
    }

    /// <summary>The events that wait in a stream's folder, in the order in which they are sent.</summary>
    public static IEnumerable<SpooledEvent> Events(string folder)
    {
        (SpoolPosition at, _) = SpoolSettled.Peek(Path.Combine(folder, SpoolFolder.SettledName));
        using var reader = new SpoolReader(folder);
        var some = new List<SpooledEvent>();
        do
        {
            some.Clear();
            reader.Read(ref at, null, Step, 1 << 20, some);
            foreach (SpooledEvent one in some)
            {
                yield return one;
            }
        }
        while (some.Count > 0);
    }

    private static bool IsHeld(string folder)
    {
        string path = Path.Combine(folder, SpoolFolder.LockName);
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            SpoolDisk.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
