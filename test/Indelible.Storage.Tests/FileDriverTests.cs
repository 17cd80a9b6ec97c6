using System.Text;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Xunit;

namespace Indelible.Storage.Tests;

public sealed class FileJournalTests : JournalContract, IDisposable
{
    private static readonly FileJournalOptions s_small = new() { FileBytes = 64 << 10, FilesKept = 2 };
    private readonly TemporaryFolder _folder = new();

    public FileJournalTests()
    {
        FileJournal.Create(Disk.System, _folder["journal"], s_small, RandomSource.System);
    }

    private string[] Files => [.. Directory.EnumerateFiles(_folder["journal"], "*.journal").Order(StringComparer.Ordinal)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Files_are_recycled_and_records_of_an_earlier_life_are_never_taken_for_new_ones()
    {
        int index = 0;
        for (int round = 0; round < 30; round++)
        {
            using var journal = (FileJournal)Open();
            for (int i = 0; i < 7; i++, index++)
            {
                await AppendAsync(journal, ("main", index * 100L, 100));
            }

            await journal.ReleaseAsync(journal.ReleaseTarget);
            Assert.InRange(Files.Length, 1, 3);
            Assert.Equal(index, journal.NextRecord);
            Assert.All(journal.Read(0), record => Assert.Equal(record.Number * 100, JournalGroup.Read(record.Payload)[0].FirstIndex));
        }

        Assert.InRange(Directory.EnumerateFiles(_folder["journal"]).Count(), 1, 5);
    }

    [Fact]
    public async Task A_group_larger_than_a_file_gets_a_file_of_its_own_size()
    {
        using (IJournal journal = Open())
        {
            await AppendAsync(journal, ("main", 0, 1));
            await AppendAsync(journal, ("main", 1, 5_000));
            await AppendAsync(journal, ("main", 5_001, 1));
        }

        using IJournal again = Open();
        Assert.Equal([1, 5_000, 1], again.Read(0).Select(record => JournalGroup.Read(record.Payload)[0].Entries.Count));
    }

    [Fact]
    public async Task A_torn_last_record_is_put_aside_and_everything_before_it_stays()
    {
        var random = new Random(11);
        for (int round = 0; round < 25; round++)
        {
            long start;
            long end;
            long expected;
            using (var journal = (FileJournal)Open())
            {
                expected = journal.NextRecord;
                await AppendAsync(journal, ("main", expected * 3, 3));
                start = LengthUsed(Files[^1]);
                await AppendAsync(journal, ("main", (expected + 1) * 3, 3));
                end = LengthUsed(Files[^1]);
            }

            // The record's header has reached the disk, its rest has not, or not as it was.
            long at = random.NextInt64(start + 40, end);
            Alter(Files[^1], at, bytes => bytes[0] ^= 0x40);
            using var again = (FileJournal)Open();
            Assert.Equal(expected + 1, again.NextRecord);
            Assert.NotNull(again.TornTail);
            Assert.True(File.Exists(again.TornTail.Path));
            Assert.Equal(expected + 1, await AppendAsync(again, ("main", (expected + 1) * 3, 3)));
        }
    }

    [Fact]
    public async Task Damage_with_whole_records_behind_it_is_never_repaired()
    {
        using (IJournal journal = Open())
        {
            for (int i = 0; i < 10; i++)
            {
                await AppendAsync(journal, ("main", i, 1));
            }
        }

        byte[] intact = File.ReadAllBytes(Files[0]);
        int lastRecord = intact.AsSpan().LastIndexOf("IREC"u8);
        for (int at = 4096; at < lastRecord; at++)
        {
            byte[] altered = [.. intact];
            altered[at] ^= 0x10;
            File.WriteAllBytes(Files[0], altered);
            StorageException refused = Assert.Throws<StorageException>(() => Open().Dispose());
            Assert.Equal(StorageOutcome.Damaged, refused.Outcome);
            Assert.Contains("0000000000000000.journal", refused.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(Files[0], intact);
        Open().Dispose();
    }

    [Fact]
    public async Task A_missing_renamed_or_foreign_file_is_refused()
    {
        using (IJournal journal = Open())
        {
            for (int i = 0; i < 60; i++)
            {
                await AppendAsync(journal, ("main", i * 100L, 100));
            }
        }

        string[] files = Files;
        Assert.True(files.Length > 3);
        string aside = _folder["aside"];
        File.Move(files[1], aside);
        Assert.Contains("a file is missing", Assert.Throws<StorageException>(() => Open().Dispose()).Message, StringComparison.Ordinal);
        File.Move(files[2], files[1]);
        Assert.Contains("renamed", Assert.Throws<StorageException>(() => Open().Dispose()).Message, StringComparison.Ordinal);
        File.Move(files[1], files[2]);
        File.Move(aside, files[1]);
        Alter(files[1], 20, bytes => bytes[0] ^= 1);
        Assert.Contains("no valid header", Assert.Throws<StorageException>(() => Open().Dispose()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reading_beside_a_writer_sees_whole_records_and_changes_nothing()
    {
        using IJournal journal = Open();
        for (int i = 0; i < 12; i++)
        {
            await AppendAsync(journal, ("main", i * 100L, 100));
            Assert.Equal(i + 1, FileJournal.PathsOf(Disk.System, _folder["journal"]).Sum(path => FileJournal.ReadOnly(Disk.System, path).Records.Count));
        }
    }

    [Fact]
    public void A_journal_is_not_made_over_another_nor_opened_where_there_is_none()
    {
        Assert.Throws<StorageException>(() => FileJournal.Create(Disk.System, _folder["journal"], s_small, RandomSource.System));
        Directory.CreateDirectory(_folder["empty"]);
        Assert.Throws<StorageException>(() => FileJournal.Open(Disk.System, _folder["empty"], _folder["quarantine"], s_small, RandomSource.System).Dispose());
    }

    protected override IJournal Open() => FileJournal.Open(Disk.System, _folder["journal"], _folder["quarantine"], s_small, RandomSource.System);

    private static long LengthUsed(string path) => (File.ReadAllBytes(path).AsSpan().LastIndexOfAnyExcept((byte)0) + 8) / 8 * 8;

    private static void Alter(string path, long at, Action<byte[]> change)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        byte[] bytes = new byte[1];
        file.Position = at;
        file.ReadExactly(bytes);
        change(bytes);
        file.Position = at;
        file.Write(bytes);
    }
}

public sealed class FileSegmentStoreTests : SegmentStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Segments_are_read_only_files_and_leftovers_of_a_crash_are_no_segments()
    {
        ISegmentStore store = Open();
        await store.PutAsync("main", 0, stream => stream.WriteByte(1), _ => { }, CancellationToken.None);
        string path = Directory.EnumerateFiles(_folder.Path, "*.segment", SearchOption.AllDirectories).Single();
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
        }

        await File.WriteAllBytesAsync(Path.Combine(Path.GetDirectoryName(path)!, "0000000000000256.segment.new"), [1], TestContext.Current.CancellationToken);
        Assert.Equal([0], store.List("main"));
        await store.PutAsync("main", 256, stream => stream.WriteByte(2), _ => { }, CancellationToken.None);
        Assert.Equal([0, 256], store.List("main"));
    }

    protected override ISegmentStore Open() => new FileSegmentStore(Disk.System, _folder.Path);
}

public sealed class FileTailStoreTests : TailStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_torn_end_is_cut_off_where_the_journal_goes_on_and_damage_before_it_is_refused()
    {
        using (ITailStore store = Open())
        {
            store.Append("main", 0, [Encoding.UTF8.GetBytes("first")]);
            store.Append("main", 1, [Encoding.UTF8.GetBytes("second")]);
            store.Append("main", 2, [Encoding.UTF8.GetBytes("third")]);
        }

        byte[] intact = File.ReadAllBytes(OnlyFile);
        File.WriteAllBytes(OnlyFile, intact[..^3]);
        using (ITailStore store = Open())
        {
            // Without the journal these entries would be lost, so this is no crash's work.
            Assert.Equal(StorageOutcome.Damaged, Assert.Throws<StorageException>(() => store.Load("main", null)).Outcome);
            Assert.Equal(StorageOutcome.Damaged, Assert.Throws<StorageException>(() => store.Load("main", 3)).Outcome);
            Assert.Equal([0, 1], store.Load("main", 2).Select(entry => entry.Index));
            store.Append("main", 2, [Encoding.UTF8.GetBytes("third again")]);
        }

        intact[64 + 45] ^= 1;
        File.WriteAllBytes(OnlyFile, intact);
        using ITailStore damaged = Open();
        Assert.Throws<StorageException>(() => damaged.Load("main", 2));
    }

    [Fact]
    public void What_the_journal_still_holds_is_forgotten_because_its_sync_may_have_failed()
    {
        using (ITailStore store = Open())
        {
            store.Append("main", 0, [Encoding.UTF8.GetBytes("first"), Encoding.UTF8.GetBytes("second")]);
            store.Append("main", 2, [Encoding.UTF8.GetBytes("third")]);
        }

        using (ITailStore store = Open())
        {
            // The first record holds an entry that the journal does not: it was synced, or the journal would hold that too.
            Assert.Equal([0, 1], store.Load("main", 1).Select(entry => entry.Index));
            store.Append("main", 2, [Encoding.UTF8.GetBytes("third again")]);
        }

        using (ITailStore store = Open())
        {
            Assert.Empty(store.Load("main", 0));
        }

        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.tail", SearchOption.AllDirectories));
    }

    private string OnlyFile => Directory.EnumerateFiles(_folder.Path, "*.tail", SearchOption.AllDirectories).Single();

    protected override ITailStore Open() => new FileTailStore(Disk.System, _folder.Path, RandomSource.System);
}

public sealed class FileCheckpointStoreTests : CheckpointStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FileCheckpointStoreTests()
    {
        FileCheckpointStore.Create(Disk.System, _folder["checkpoints"], RandomSource.System);
    }

    private string Heads => Path.Combine(_folder["checkpoints"], "heads");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_second_opening_is_refused_and_a_reader_beside_is_not()
    {
        using ICheckpointStore store = Open();
        Assert.Throws<StorageException>(() => Open().Dispose());
        Assert.Empty(FileCheckpointStore.ReadOnly(Disk.System, _folder["checkpoints"], out _));
    }

    [Fact]
    public async Task A_torn_round_never_happened_and_a_damaged_one_is_refused()
    {
        using (ICheckpointStore store = Open())
        {
            await store.SwapAsync([Swap("a", null, "a1")]);
            await store.SwapAsync([Swap("a", "a1", "a2")]);
        }

        byte[] intact = await File.ReadAllBytesAsync(Heads, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Heads, intact[..^1], TestContext.Current.CancellationToken);
        using (var store = (FileCheckpointStore)Open())
        {
            Assert.Equal("a1", Text(store, "a"));
            Assert.True(File.Exists(store.TornTail?.Path));
            await store.SwapAsync([Swap("a", "a1", "a3")]);
        }

        for (int at = 0; at < 64 + 48; at++)
        {
            byte[] altered = [.. intact];
            altered[at] ^= 2;
            await File.WriteAllBytesAsync(Heads, altered, TestContext.Current.CancellationToken);
            Assert.Throws<StorageException>(() => Open().Dispose());
        }
    }

    [Fact]
    public async Task The_heads_written_anew_at_opening_are_never_taken_for_torn()
    {
        using (ICheckpointStore store = Open())
        {
            await store.SwapAsync([Swap("a", null, "a1")]);
        }

        Open().Dispose();
        byte[] intact = await File.ReadAllBytesAsync(Heads, TestContext.Current.CancellationToken);
        for (int at = 0; at < intact.Length; at++)
        {
            byte[] altered = [.. intact];
            altered[at] ^= 2;
            await File.WriteAllBytesAsync(Heads, altered, TestContext.Current.CancellationToken);
            Assert.Throws<StorageException>(() => Open().Dispose());
        }
    }

    [Fact]
    public void A_missing_store_is_never_made_by_opening_it_and_an_existing_one_never_made_anew()
    {
        Assert.Throws<StorageException>(() => FileCheckpointStore.Create(Disk.System, _folder["checkpoints"], RandomSource.System));
        File.Delete(Heads);
        Assert.Throws<StorageException>(() => Open().Dispose());
        Assert.False(File.Exists(Heads));
    }

    protected override ICheckpointStore Open() => FileCheckpointStore.Open(Disk.System, _folder["checkpoints"], _folder["quarantine"], RandomSource.System);
}
