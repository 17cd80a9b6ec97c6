using System.Globalization;
using System.Text.RegularExpressions;
using Indelible.Engine.Reading;
using Xunit;

namespace Indelible.Verification.Tests;

/// <summary>Every byte of a data folder, altered: verification never calls the result valid.</summary>
/// <remarks>
/// One seeded bit of every byte of the chosen files; <c>INDELIBLE_TAMPER=all</c> alters every bit of every file (<c>eng/tamper.sh</c>).
/// </remarks>
public sealed partial class TamperTests(SmallLog log) : IClassFixture<SmallLog>
{
    private const int Seed = 20261123;
    private const int FullRunEvery = 200;   // of the alterations that a part of the verification finds by itself, so many go through all of it

    private const string Place = SmallLog.Root + "/place";
    private const string Sources = SmallLog.Root + "/logs/main/sources.cache";

    private static bool AllBits => Environment.GetEnvironmentVariable("INDELIBLE_TAMPER") == "all";

    [Theory]
    [InlineData("checkpoints/heads")]
    [InlineData("indelible.json")]
    [InlineData("master.key")]
    [InlineData("keys/main.key")]
    [InlineData("keys/_receipts.key")]
    [InlineData("quarantine/0")]
    [InlineData("logs/main/segments/0000000000000000.segment")]
    [InlineData("logs/main/tail/0")]
    [InlineData("logs/_system/tail/0")]
    public void Any_altered_byte_of_a_file_is_noticed(string prefix) => Alter(PathOf(prefix), 1);

    [Theory]
    [InlineData("journal/0", 16)]
    [InlineData("logs/main/segments/0000000000000512.segment", 64)]
    public void An_altered_byte_here_and_there_is_noticed(string prefix, int step) => Alter(PathOf(prefix), AllBits ? 1 : step);

    [Fact]
    public void The_last_record_of_the_journal_is_missed_by_the_logs_that_have_entries_in_it()
    {
        // Its beginning altered, it is not there for anybody who reads the file alone, as if it had never been written.
        string path = PathOf("journal/0");
        Alter(path, 1, MeaningfulBytes(path, log.Disk.Content[path]) - 600);
    }

    [Fact]
    public async Task Nothing_but_the_known_files_can_go_missing_unnoticed()
    {
        // Locks are empty and made anew; the place says which copy of the folder this is, and an auditor's is another; what was put aside is no part of a log; the spare is room for a journal file to come; and a copy
        // without the master key is what an auditor is given: the report says what could not be checked for want of it. What is known of the sources is made anew, and nothing trusts the file. The journal is
        // released from its oldest file on, which may lie there a while though its entries are in segments and tail files.
        string[] withoutMeaning =
            ["/data/lock", Place, "/data/checkpoints/heads.lock", "/data/journal/spare", "/data/master.key", PathOf("quarantine/0"), PathOf("journal/0"), Sources];
        var unnoticed = new List<string>();
        foreach (string path in log.Disk.Content.Keys)
        {
            MemoryDisk altered = log.Disk.Copy();
            altered.Delete(path);
            if ((await log.VerifyAsync(altered, LogOf(path))).Verdict == Verdict.Valid)
            {
                unnoticed.Add(path);
            }
        }

        // Without its key a node cannot go on with a log, but a restore leaves out the keys of finished logs: the report says so.
        string[] ofOthers = ["/data/keys/main.key", "/data/keys/_access.key", "/data/keys/_alerts.key", "/data/keys/_system.key", "/data/keys/other.key"];
        Assert.Subset(withoutMeaning.Concat(ofOthers).ToHashSet(StringComparer.Ordinal), unnoticed.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_file_cut_short_or_made_longer_is_noticed()
    {
        foreach ((string path, byte[] bytes) in FilesWithMeaning)
        {
            // Behind its last record a journal file holds nothing of its own life, so that its end may change.
            int end = path.EndsWith(".journal", StringComparison.Ordinal) ? (int)MeaningfulBytes(path, bytes) : bytes.Length;
            foreach (byte[] changed in (byte[][])[bytes[..(end - 1)], bytes[..(end / 2)], [.. bytes, 7], [.. bytes, .. bytes]])
            {
                if (changed.Length > bytes.Length && path.EndsWith(".journal", StringComparison.Ordinal))
                {
                    continue;
                }

                Assert.True(await IsNoticedAsync(With(path, changed), LogOf(path)), $"{path} with {changed.Length} bytes instead of {bytes.Length}");
            }
        }
    }

    [Fact]
    public async Task Files_that_changed_places_or_were_doubled_are_noticed()
    {
        foreach (IGrouping<string, KeyValuePair<string, byte[]>> kind in FilesWithMeaning.GroupBy(file => Path.GetExtension(file.Key)))
        {
            foreach ((string one, byte[] bytes) in kind)
            {
                foreach ((string other, byte[] others) in kind.Where(file => string.CompareOrdinal(file.Key, one) > 0))
                {
                    MemoryDisk swapped = With(one, others);
                    swapped.Put(other, bytes);
                    Assert.True(await IsNoticedAsync(swapped, LogOf(one)), $"{one} and {other} changed places");
                    Assert.True(await IsNoticedAsync(With(other, bytes), LogOf(other)), $"{other} is a copy of {one}");
                }
            }
        }

        byte[] segment = log.Disk.Content[PathOf("logs/main/segments/0000000000000000")];
        Assert.True(await IsNoticedAsync(With("/data/logs/main/segments/0000000000001024.segment", segment), "main"));
        Assert.True(await IsNoticedAsync(With("/data/logs/main/segments/0000000000000256.segment", segment), "main"));
        Assert.True(await IsNoticedAsync(With("/data/logs/main/segments/1.segment", segment), "main"));
    }

    [Fact]
    public async Task What_is_found_is_named_with_its_place()
    {
        string path = PathOf("logs/main/segments/0000000000000512");
        byte[] altered = [.. log.Disk.Content[path]];
        altered[2_000] ^= 1;
        VerificationReport report = await log.VerifyAsync(With(path, altered));
        Assert.Contains(report.Faults, fault => fault.What == "bundle" && BlockPlace().IsMatch(fault.Detail));
        Assert.Contains(report.Faults, fault => fault.Where.EndsWith("0000000000000512.segment", StringComparison.Ordinal));

        // Two blocks of one segment and one of another: all are listed.
        altered[^10_000] ^= 1;
        MemoryDisk more = With(path, altered);
        string first = PathOf("logs/main/segments/0000000000000000");
        byte[] alsoAltered = [.. log.Disk.Content[first]];
        alsoAltered[3_000] ^= 1;
        more.Put(first, alsoAltered);
        Assert.Equal(3, (await log.VerifyAsync(more)).Faults.Count(fault => fault.What == "bundle"));
    }

    [Fact]
    public async Task A_bit_in_the_id_hashes_which_no_tree_covers_is_found_though_every_file_hash_fits()
    {
        string path = PathOf("logs/main/segments/0000000000000000");
        var forged = ForgedSegment.Of(log.Disk.Content[path]);
        forged.Index[^1] ^= 1;
        VerificationReport report = await log.VerifyAsync(With(path, forged.ToBytes()));
        VerificationFault fault = Assert.Single(report.Faults);
        Assert.StartsWith("index 511 (logs/main/segments/0000000000000000.segment", fault.Where, StringComparison.Ordinal);
        Assert.Contains("id hash", fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_journal_record_is_named_with_its_entries_and_what_lies_behind_it_is_still_read()
    {
        // A file that holds several records, the first of them of the other log: what is altered then has whole records behind it.
        string path = log.Disk.Content.Keys.Order(StringComparer.Ordinal).First(
            path => path.EndsWith(".journal", StringComparison.Ordinal) && Engine.Storage.Files.FileJournal.ReadOnly(log.Disk, path).Records.Count > 1);
        byte[] altered = [.. log.Disk.Content[path]];
        altered[altered.AsSpan().IndexOf("test.run"u8)] ^= 1;
        VerificationReport report = await log.VerifyAsync(With(path, altered), "other");
        Assert.Contains(report.Faults, fault => fault.Where.StartsWith("journal/", StringComparison.Ordinal) && EntriesOfOther().IsMatch(fault.Detail));
        Assert.DoesNotContain(report.Faults, fault => fault.What == "bundle");
    }

    [GeneratedRegex("is damaged at byte [0-9]+, in record [0-9]+ with entries [0-9]+ to [0-9]+ of log other: a whole record lies behind it")]
    private static partial Regex EntriesOfOther();

    [GeneratedRegex("block 0 \\(entries 512 to 767, bytes [0-9]+ to [0-9]+\\)")]
    private static partial Regex BlockPlace();

    /// <summary>All but the empty ones, the spare, the place, and the cache of sources.</summary>
    private IEnumerable<KeyValuePair<string, byte[]>> FilesWithMeaning =>
        log.Disk.Content.Where(file => file.Value.Length > 0 && !file.Key.EndsWith("/spare", StringComparison.Ordinal) && file.Key != Place && file.Key != Sources);

    private string PathOf(string prefix) =>
        log.Disk.Content.Keys.Order(StringComparer.Ordinal).First(path => path.StartsWith($"{SmallLog.Root}/{prefix}", StringComparison.Ordinal));

    private static string LogOf(string path) => path.StartsWith(SmallLog.Root + "/logs/", StringComparison.Ordinal) ? path.Split('/')[3] : "main";

    /// <summary>How many bytes of a journal file belong to it: behind them lie zeros, or an earlier life.</summary>
    private long MeaningfulBytes(string path, byte[] bytes) => path.EndsWith(".journal", StringComparison.Ordinal)
        ? Engine.Storage.Files.FileJournal.ReadOnly(log.Disk, path).End
        : bytes.Length;

    private MemoryDisk With(string path, byte[] bytes)
    {
        MemoryDisk altered = log.Disk.Copy();
        altered.Put(path, bytes);
        return altered;
    }

    /// <summary>Alters every <paramref name="step"/>th byte of a file, each in a copy of its own.</summary>
    private void Alter(string path, int step, long from = 0)
    {
        // The journal is every log's: what is altered there must be noticed by the one whose entry it is.
        string[] names = path.EndsWith(".journal", StringComparison.Ordinal) ? ["main", "other", "_access", "_alerts", "_system"] : [LogOf(path)];
        byte[] bytes = log.Disk.Content[path];
        long end = MeaningfulBytes(path, bytes);
        int[] bits = AllBits ? [0, 1, 2, 3, 4, 5, 6, 7] : [-1];
        var unnoticed = new System.Collections.Concurrent.ConcurrentBag<string>();
        long first = from + new Random(Seed).Next(step);
        Parallel.For(0, (end - first + step - 1) / step, i =>
        {
            long at = first + (i * step);
            foreach (int bit in bits)
            {
                int mask = 1 << (bit < 0 ? new Random((int)(Seed + at)).Next(8) : bit);
                byte[] altered = [.. bytes];
                altered[at] ^= (byte)mask;
                if (!names.Any(name => IsNoticedAsync(With(path, altered), name, i % FullRunEvery != 0).GetAwaiter().GetResult()))
                {
                    unnoticed.Add(string.Create(CultureInfo.InvariantCulture, $"byte {at}, mask {mask}"));
                }
            }
        });
        Assert.Empty(unnoticed);
    }

    /// <summary>Whether verification does not call an altered folder valid.</summary>
    /// <param name="altered">The folder.</param>
    /// <param name="name">The log to verify.</param>
    /// <param name="mayStopEarly">
    /// Whether a finding about the files is enough: a verification that has one is never valid. Only a part of the runs pay for the rest.
    /// </param>
    private async Task<bool> IsNoticedAsync(MemoryDisk altered, string name, bool mayStopEarly = false)
    {
        if (mayStopEarly && HasFinding(altered, name))
        {
            return true;
        }

        return (await log.VerifyAsync(altered, name)).Verdict != Verdict.Valid;
    }

    private bool HasFinding(MemoryDisk altered, string name)
    {
        try
        {
            using var opened = FolderLog.Open(log.Folder(altered), name, log.KeyOf(name).Name);
            return opened.Findings.Faults.Count + opened.Findings.Unclear.Count > 0 || opened.Segments.Any(segment => opened.CheckFileHash(segment.FirstIndex).Faults.Count > 0);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
