using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;

namespace Indelible.Engine.Backup;

/// <summary>The entries that a data folder's journal holds, of all logs, read once and without opening the journal.</summary>
internal sealed class JournalEntries
{
    private static readonly Dictionary<long, ReadOnlyMemory<byte>> s_none = [];
    private readonly Dictionary<string, Dictionary<long, ReadOnlyMemory<byte>>> _byLog = new(StringComparer.Ordinal);

    private JournalEntries()
    {
    }

    /// <summary>Reads a journal.</summary>
    /// <param name="folder">A node may be running on it.</param>
    /// <exception cref="StorageException">A file is damaged, or was recycled while it was read: then it is well when read again.</exception>
    public static JournalEntries Read(DataFolder folder)
    {
        var entries = new JournalEntries();
        JournalFileContent? before = null;
        string[] paths = [.. FileJournal.PathsOf(folder.Disk, folder.JournalFolder)];
        foreach (string path in paths)
        {
            JournalFileContent file;
            try
            {
                file = FileJournal.ReadOnly(folder.Disk, path);
            }
            catch (FileNotFoundException) when (before is null)
            {
                continue;   // Released: what it held is in tail files and segments, which are read later.
            }

            if (before is not null && (before.FirstRecord + before.Records.Count != file.FirstRecord || before.ChainAfter != file.ChainBefore))
            {
                throw new StorageException($"{folder.NameOf(path)} does not go on where the file before it ends: a file is missing, from elsewhere, or was being recycled.", StorageOutcome.Damaged);
            }

            if (file.IsTorn && path != paths[^1])
            {
                throw new StorageException($"{folder.NameOf(path)} is damaged at byte {file.End}, and other files follow it.", StorageOutcome.Damaged);
            }

            before = file;
            foreach (JournalBatch batch in file.Records.SelectMany(record => JournalGroup.Read(record.Payload)))
            {
                entries.Add(batch);
            }
        }

        return entries;
    }

    /// <summary>A log's entries by index.</summary>
    public IReadOnlyDictionary<long, ReadOnlyMemory<byte>> Of(string log) => _byLog.GetValueOrDefault(log, s_none);

    private void Add(JournalBatch batch)
    {
        if (!_byLog.TryGetValue(batch.Log, out Dictionary<long, ReadOnlyMemory<byte>>? entries))
        {
            _byLog.Add(batch.Log, entries = []);
        }

        for (int i = 0; i < batch.Entries.Count; i++)
        {
            entries[batch.FirstIndex + i] = batch.Entries[i];
        }
    }
}
