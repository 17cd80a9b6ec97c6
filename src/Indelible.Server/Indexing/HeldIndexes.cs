using Indelible.Engine;
using Indelible.Search;

namespace Indelible.Server.Indexing;

/// <summary>What became of one index file that was looked at, made or compared.</summary>
internal enum IndexFileState
{
    /// <summary>It is there, whole and of this log; where it was compared: it has the bytes that its entries give.</summary>
    Sound,

    /// <summary>There is none: a node makes it when it runs.</summary>
    Missing,

    /// <summary>It is damaged, of another version, of other entries, or encrypted under another key: a node makes it anew when it runs.</summary>
    Unusable,

    /// <summary>It says something else than its entries: it was altered, or this program has an error.</summary>
    Different,

    /// <summary>It was made anew.</summary>
    Made,
}

/// <summary>One index file of a held folder.</summary>
/// <param name="Log">The log.</param>
/// <param name="First">The first entry that it covers.</param>
/// <param name="IsPersonal">Whether it is that of personal values.</param>
/// <param name="Path">Where it is.</param>
/// <param name="State">What became of it.</param>
/// <param name="Why">Why it is unusable; null where it is not.</param>
internal sealed record IndexFileFinding(string Log, long First, bool IsPersonal, string Path, IndexFileState State, string? Why = null);

/// <summary>Looks at, makes and compares the index files of a folder that no node runs on.</summary>
/// <param name="folder">The folder. Without its keys the files of personal values are left alone.</param>
/// <param name="progress">Told of every entry that was read.</param>
internal sealed class HeldIndexes(HeldFolder folder, Action<long> progress)
{
    private const int StepEntries = 4_096;
    private readonly byte[] _key = folder.HasKeys ? folder.DeriveKey(LogIndexes.PersonalKeyPurpose) : [];

    /// <summary>Opens every file of a log.</summary>
    public IEnumerable<IndexFileFinding> Look(HeldLog log) => Each(log, (entries, first, isPersonal) => TryOpen(entries, first, isPersonal));

    /// <summary>Makes every file of a log anew.</summary>
    /// <exception cref="IOException">Entries cannot be read, or a file not written.</exception>
    public IEnumerable<IndexFileFinding> Remake(HeldLog log) => Each(log, (entries, first, isPersonal) =>
    {
        ChunkMaking making = Make(entries, first, isPersonal);
        entries.Files.Write(first, isPersonal, into => making.WriteTo(into, _key));
        return (IndexFileState.Made, null);
    });

    /// <summary>Makes every file of a log in memory and compares it with the one that is there.</summary>
    /// <exception cref="IOException">Entries, or a file, cannot be read.</exception>
    public IEnumerable<IndexFileFinding> Compare(HeldLog log) => Each(log, (entries, first, isPersonal) =>
    {
        (IndexFileState state, string? why) = TryOpen(entries, first, isPersonal);
        if (state != IndexFileState.Sound)
        {
            return (state, why);
        }

        ChunkMaking making = Make(entries, first, isPersonal);
        return (making.IsIn(File.ReadAllBytes(entries.Files.PathOf(first, isPersonal)), _key) ? IndexFileState.Sound : IndexFileState.Different, null);
    });

    private IEnumerable<IndexFileFinding> Each(HeldLog log, Func<HeldEntries, long, bool, (IndexFileState State, string? Why)> take)
    {
        var entries = new HeldEntries(log);
        for (long first = 0; first < log.SealedSize; first += log.SegmentSize)
        {
            foreach (bool isPersonal in folder.HasKeys ? (bool[])[false, true] : [false])
            {
                (IndexFileState state, string? why) = take(entries, first, isPersonal);
                yield return new IndexFileFinding(log.Name, first, isPersonal, log.Files.PathOf(first, isPersonal), state, why);
            }
        }
    }

    private (IndexFileState State, string? Why) TryOpen(HeldEntries entries, long first, bool isPersonal)
    {
        string path = entries.Files.PathOf(first, isPersonal);
        if (!entries.Files.Contains(first, isPersonal))
        {
            return (IndexFileState.Missing, null);
        }

        try
        {
            if (isPersonal)
            {
                IndexFile.OpenPersonal(path, entries.IdentityOf(first), _key);
            }
            else
            {
                IndexFile.Open(path, entries.IdentityOf(first), static () => null).Dispose();
            }

            return (IndexFileState.Sound, null);
        }
        catch (IndexDamagedException e)
        {
            return (IndexFileState.Unusable, e.Message);
        }
    }

    private ChunkMaking Make(HeldEntries entries, long first, bool isPersonal)
    {
        var making = new ChunkMaking(entries, first, isPersonal);
        while (!making.Step(StepEntries))
        {
            progress(StepEntries);
        }

        return making;
    }
}
