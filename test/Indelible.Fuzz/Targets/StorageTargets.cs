using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Indelible.Engine;
using Indelible.Engine.Access;
using Indelible.Engine.Configuration;
using Indelible.Engine.Privacy;
using Indelible.Engine.Storage;
using Indelible.Engine.Storage.Files;
using Indelible.Fuzz.Driving;
using Indelible.Keys;
using Indelible.Merkle;
using Indelible.Notes;
using Indelible.Tests;
using Indelible.Verification;
using Indelible.Verification.Tests;

namespace Indelible.Fuzz.Targets;

/// <summary>Everything that a node or a verifier reads from a data folder, segments apart.</summary>
internal static class StorageTargets
{
    private const int JournalHeaderBytes = 4096;
    private const string Log = "main";
    private const string Origin = "test.example/logs/main";

    private static readonly FileJournalOptions s_small = new() { FileBytes = 8192, FilesKept = 1 };

    private static readonly string[] s_frames = ["IREC", "INDJRNL1", "INDTAIL1", "INDHEAD1", "\0\0\0\0", "\0\0\0\u0001", "\0\0\0\0\0\0\0\0", Log, "_system", Origin];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("journal-group", "What reads as a group is written back to the same bytes, its ranges on its entries.", GroupOf, Groups) { Words = s_frames },
        new("record-frame", "A record that is read seals to the same bytes and chain; looking for records behind never leaves the bytes.", FrameOf, Frames)
        {
            Words = s_frames,
            MaxBytes = 1024,
        },
        new("journal-file", "A journal file reads to records whose frames make its bytes again, or is damaged.", JournalFileOf, Journals)
        {
            Words = s_frames,
            Mend = FrameMending.Journal,
            MaxBytes = 8192,
            Slowness = 2,
        },
        new("journal-open", "A journal opens with the records that reading its file gives and goes on behind them, or is refused.", JournalOpenOf, Journals)
        {
            Words = s_frames,
            Mend = FrameMending.Journal,
            MaxBytes = 8192,
            Slowness = 5,
        },
        new("tail-file", "A tail file gives the same entries read or opened, each where it is said to lie, or is damaged.", TailOf, Tails)
        {
            Words = s_frames,
            Mend = FrameMending.RecordFile,
            Slowness = 2,
        },
        new("checkpoint-store", "A checkpoint store gives the same heads read, opened and opened again, or is damaged.", HeadsOf, Heads)
        {
            Words = s_frames,
            Mend = FrameMending.RecordFile,
            Slowness = 2,
        },
        new("settings", "Settings that read are whole: host, segment size, key and seed can be used; or they are refused.", SettingsOf, Settings)
        {
            Words = ["null", "{}", "[]", "\"\"", "\"format\": 1", "\"host\":", "\"segment_size\":", "\"receipts_vkey\":", "\"id_seed\":", "65536", "65537", "0", "-1", "1.0", "\n", ",", "\\u0000", "\\ud800"],
            Mend = input => [.. input, .. Foreign.OfText(Convert.ToHexStringLower(SHA256.HashData(input)) + "\n")],
            MaxBytes = 1024,
        },
        new("signing-key-file", "A wrapped key opens to the key it was made of, or is refused.", KeyFileOf, () => [WrappedKey()])
        {
            MaxBytes = 1200,
            Slowness = 2,
        },
        new("system-entry", "An entry of _system changes the configuration, or is refused as damage.", SystemEntryOf, SystemEntries)
        {
            Words =
            [
                "\"action\":", "indelible.init", "indelible.log.create", "indelible.key.create", "indelible.key.revoke", "indelible.restored", "indelible.incarnation", "indelible.log.incarnation", "\"restored\":", "\"of\":", "\"size\":", "-1", "\"data\":", "\"name\":", "\"origin\":", "\"vkey\":", "\"public\":", "\"personal\":",
                "\"id\":", "\"kind\":", "\"principal\":", "\"logs\":", "\"expires\":", "\"hash\":", "null", "true", "[]", "{}", "\"\"", "99", "\\ud800", "Admin", "2026-11-23T06:14:25Z",
            ],
            Slowness = 2,
        },
        new("verifier-frontier", "What parses formats back to the same bytes.", FrontierOf, Frontiers)
        {
            Words = ["indelible.dev/verifier-frontier/v1", "\n", " ", "-", "0", "256", "65536", "9223372036854775552", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="],
            Mend = input => [.. input, .. Foreign.OfText(Convert.ToHexStringLower(SHA256.HashData(input)) + "\n")],
            Slowness = 2,
        },
    ];

    private static JournalBatch Batch(string log, long first, int entries) => new(log, first, [.. Enumerable.Range(0, entries).Select(i => (ReadOnlyMemory<byte>)Vectors.EntryAt(first + i))]);

    private static IEnumerable<byte[]> Groups()
    {
        foreach (JournalBatch[] batches in (JournalBatch[][])[[Batch(Log, 0, 3)], [Batch(Log, 7, 1), Batch("_access", 12, 2), Batch("a.b-c", 1L << 40, 1)]])
        {
            var payload = new FrameBuffer();
            JournalGroup.Write(batches, payload, []);
            yield return payload.Written.ToArray();
        }
    }

    private static bool GroupOf(byte[] input)
    {
        IReadOnlyList<JournalBatch> batches;
        try
        {
            batches = JournalGroup.Read(input);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        var payload = new FrameBuffer();
        var ranges = new List<PayloadRange>();
        JournalGroup.Write(batches, payload, ranges);
        Must.BeSame(payload.Written, input, "A group is written back");
        Must.Hold(ranges.SequenceEqual(JournalGroup.Ranges(batches)), "A group's ranges are found again");
        Must.Hold(batches.Select(batch => batch.Log).Distinct(StringComparer.Ordinal).Count() == batches.Count, "A group has one batch a log");
        Must.Hold(batches.All(batch => batch.FirstIndex >= 0 && batch.FirstIndex + batch.Entries.Count > batch.FirstIndex), "A batch's indexes are indexes");
        int at = 0;
        foreach (ReadOnlyMemory<byte> entry in batches.SelectMany(batch => batch.Entries))
        {
            Must.BeSame(input.AsSpan(ranges[at].Offset, ranges[at].Length), entry.Span, "A range lies on its entry");
            at++;
        }

        return true;
    }

    // Number, id of the file, chain before; then bytes as they may stand in a file.
    private static IEnumerable<byte[]> Frames()
    {
        foreach (byte[] group in Groups())
        {
            byte[] input = new byte[24 + RecordFrame.SizeOf(group.Length)];
            BinaryPrimitives.WriteInt64BigEndian(input, 5);
            BinaryPrimitives.WriteUInt64BigEndian(input.AsSpan(8), 0xABCD);
            group.CopyTo(input, 24 + RecordFrame.HeaderBytes);
            RecordFrame.Seal(input.AsSpan(24), group.Length, 5, 0xABCD, 0);
            yield return input;
        }
    }

    private static bool FrameOf(byte[] input)
    {
        if (input.Length < 24)
        {
            return false;
        }

        long number = BinaryPrimitives.ReadInt64BigEndian(input);
        ulong id = BinaryPrimitives.ReadUInt64BigEndian(input.AsSpan(8));
        ulong before = BinaryPrimitives.ReadUInt64BigEndian(input.AsSpan(16));
        ulong chain = before;
        ReadOnlySpan<byte> bytes = input.AsSpan(24);
        RecordFrame.Found found = RecordFrame.Read(bytes, number, id, ref chain, out int length);
        if (RecordFrame.AnyRecordBehind(bytes, 0, id, out long offset))
        {
            (_, _, int behind) = RecordFrame.ReadHeader(bytes[(int)offset..]);
            Must.Hold(offset + RecordFrame.SizeOf(behind) <= bytes.Length, "A record that is found behind lies in the bytes");
        }

        if (found != RecordFrame.Found.Record)
        {
            Must.Hold(chain == before, "The chain does not go on where there is no record");
            return false;
        }

        byte[] again = new byte[RecordFrame.SizeOf(length)];
        bytes.Slice(RecordFrame.HeaderBytes, length).CopyTo(again.AsSpan(RecordFrame.HeaderBytes));
        Must.Hold(RecordFrame.Seal(again, length, number, id, before) == chain, "A record seals to its chain");
        Must.BeSame(again, bytes[..again.Length], "A record seals to its bytes");
        return true;
    }

    private static IEnumerable<byte[]> Journals()
    {
        var disk = new MemoryDisk();
        FileJournal.Create(disk, "/journal", s_small, new SeededRandom());
        using (var journal = FileJournal.Open(disk, "/journal", "/quarantine", s_small, new SeededRandom()))
        {
            yield return Content(disk);
            Append(journal, Batch(Log, 0, 2));
            yield return Content(disk);
            Append(journal, Batch(Log, 2, 1), Batch("_access", 0, 1));
            Append(journal, Batch("_access", 1, 3));
        }

        byte[] whole = Content(disk);
        yield return whole;
        yield return whole[..^40];
        byte[] damaged = [.. whole];
        damaged[JournalHeaderBytes + 60] ^= 1;
        yield return damaged;

        // Zeros behind the last record say nothing, and mutations of them find nothing.
        static byte[] Content(MemoryDisk disk)
        {
            byte[] bytes = disk.Content["/journal/0000000000000000.journal"];
            return bytes[..Math.Max(JournalHeaderBytes, (bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 8) & ~7)];
        }
    }

    private static void Append(FileJournal journal, params JournalBatch[] batches) => journal.AppendAsync(batches, []).AsTask().GetAwaiter().GetResult();

    private static string JournalPath(byte[] file) => $"/journal/{(file.Length < 32 ? 0 : BinaryPrimitives.ReadInt64BigEndian(file.AsSpan(24))).ToString("D16", CultureInfo.InvariantCulture)}.journal";

    private static JournalFileContent? ReadJournal(byte[] file, out JournalFileContent? around)
    {
        MemoryDisk disk = Disk(JournalPath(file), file);
        around = null;
        try
        {
            around = FileJournal.ReadAround(disk, JournalPath(file));
            return FileJournal.ReadOnly(disk, JournalPath(file));
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return null;
        }
    }

    private static bool JournalFileOf(byte[] input)
    {
        JournalFileContent? content = ReadJournal(input, out JournalFileContent? around);
        Must.Hold(around is null || around.Records.Sum(record => (long)record.Payload.Length) <= input.Length, "Reading around damage finds nothing twice");
        Must.Hold((content is null) == (around is null || around.Damage.Count > 0), "A damaged file is not read as a whole one");
        if (content is null)
        {
            return false;
        }

        // A torn end that still holds a group is given too; it is no record yet.
        int whole = (int)(content.NextRecord - content.FirstRecord);
        Must.Hold(whole == content.Records.Count || (content.IsTorn && whole + 1 == content.Records.Count), "Whole records are counted");
        ulong id = BinaryPrimitives.ReadUInt64BigEndian(input.AsSpan(16));
        ulong chain = content.ChainBefore;
        long at = JournalHeaderBytes;
        foreach (JournalRecord record in content.Records.Take(whole))
        {
            byte[] frame = new byte[RecordFrame.SizeOf(record.Payload.Length)];
            record.Payload.CopyTo(frame.AsMemory(RecordFrame.HeaderBytes));
            chain = RecordFrame.Seal(frame, record.Payload.Length, record.Number, id, chain);
            Must.BeSame(frame, input.AsSpan((int)at, frame.Length), "A record's frame is made again");
            at += frame.Length;
        }

        Must.Hold(chain == content.ChainAfter && at == content.End, "A file's end and chain are found again");
        return whole > 0;
    }

    private static bool JournalOpenOf(byte[] input)
    {
        JournalFileContent? content = ReadJournal(input, out _);
        MemoryDisk disk = Disk(JournalPath(input), input);
        disk.MakeFolder("/quarantine");
        JournalRecord[] records;
        long next;
        try
        {
            using var journal = FileJournal.Open(disk, "/journal", "/quarantine", s_small, new SeededRandom());
            records = [.. journal.Read(0)];
            next = journal.NextRecord;
            Append(journal, Batch("another", 0, 1));
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        Must.Hold(content is not null, "What opens can be read without opening it");
        Must.Hold(next == content!.NextRecord && records.Length == next - content.FirstRecord, "An opened journal has the records of its file");
        for (int i = 0; i < records.Length; i++)
        {
            Must.BeSame(records[i].Payload.Span, content.Records[i].Payload.Span, "An opened journal's records are those of its file");
        }

        using var again = FileJournal.Open(disk, "/journal", "/quarantine", s_small, new SeededRandom());
        Must.Hold(again.NextRecord == next + 1 && again.TornTail is null, "A journal goes on behind what it opened with");
        return records.Length > 0;
    }

    private static IEnumerable<byte[]> Tails()
    {
        var disk = new MemoryDisk();
        using var store = new FileTailStore(disk, "/logs", new SeededRandom());
        store.Append(Log, 9, Batch(Log, 9, 3).Entries);
        yield return Content();
        store.Append(Log, 12, Batch(Log, 12, 1).Entries);
        byte[] whole = Content();
        yield return whole;
        yield return whole[..^16];

        byte[] Content() => disk.Content["/logs/main/tail/0000000000000009.tail"];
    }

    private static bool TailOf(byte[] input)
    {
        long first = input.Length < 32 ? 0 : BinaryPrimitives.ReadInt64BigEndian(input.AsSpan(24));
        string path = $"/logs/{Log}/tail/{first.ToString("D16", CultureInfo.InvariantCulture)}.tail";
        MemoryDisk disk = Disk(path, input);
        TailEntry[] read;
        long rest;
        try
        {
            read = [.. FileTailStore.ReadOnly(disk, path, out rest)];
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        for (int i = 0; i < read.Length; i++)
        {
            Must.Hold(read[i].Index == first + i && read[i].Index >= 0, "A tail's entries follow each other");
            Must.BeSame(read[i].Entry.Span, input.AsSpan(read[i].Location.Offset, read[i].Entry.Length), "An entry lies where it is said to");
        }

        // The journal goes on where the whole records end, so that a torn end is its.
        using var store = new FileTailStore(disk, "/logs", new SeededRandom());
        TailEntry[] opened = [.. store.Load(Log, first + read.Length)];
        Must.Hold(opened.Length == read.Length, "Opening gives the entries that reading gives");
        foreach (TailEntry entry in opened)
        {
            byte[] bytes = new byte[entry.Entry.Length];
            Must.Hold(store.Read(Log, entry.Location, bytes), "An opened entry is read again");
            Must.BeSame(bytes, entry.Entry.Span, "An opened entry is read again as it was");
        }

        return read.Length > 0 && rest == 0;
    }

    private static IEnumerable<byte[]> Heads()
    {
        byte[] first = Foreign.OfText(Vectors.Text("checkpoint_3"));
        byte[] second = Foreign.OfText(Vectors.Text("checkpoint_7"));
        var disk = new MemoryDisk();
        FileCheckpointStore.Create(disk, "/checkpoints", new SeededRandom());
        yield return Content();
        using var store = FileCheckpointStore.Open(disk, "/checkpoints", "/quarantine", new SeededRandom());
        yield return Content();
        store.SwapAsync([new CheckpointSwap(Origin, null, first), new CheckpointSwap("b", null, first)]).AsTask().GetAwaiter().GetResult();
        store.SwapAsync([new CheckpointSwap(Origin, first, second)]).AsTask().GetAwaiter().GetResult();
        byte[] whole = Content();
        yield return whole;
        yield return whole[..^16];

        byte[] Content() => disk.Content["/checkpoints/heads"];
    }

    private static bool HeadsOf(byte[] input)
    {
        MemoryDisk disk = Disk("/checkpoints/heads", input);
        disk.MakeFolder("/quarantine");
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>> read;
        long rest;
        try
        {
            read = FileCheckpointStore.ReadOnly(disk, "/checkpoints", out rest);
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }

        try
        {
            using var store = FileCheckpointStore.Open(disk, "/checkpoints", "/quarantine", new SeededRandom());
            BeSame(store.Load(), read);
            Must.Hold((store.TornTail is not null) == (rest > 0), "What lies behind the last round is put aside");
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            Must.Hold(rest > 0, "A store that reads whole opens");
            return false;
        }

        BeSame(FileCheckpointStore.ReadOnly(disk, "/checkpoints", out rest), read);
        Must.Hold(rest == 0, "An opened store is whole");
        return read.Count > 0;
    }

    private static void BeSame(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> left, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> right)
    {
        Must.Hold(left.Count == right.Count, "The heads are of the same logs");
        foreach ((string origin, ReadOnlyMemory<byte> note) in left)
        {
            Must.Hold(right.TryGetValue(origin, out ReadOnlyMemory<byte> other), "The heads are of the same logs");
            Must.BeSame(note.Span, other.Span, "A head is the same");
        }
    }

    private static IEnumerable<byte[]> Settings()
    {
        var disk = new MemoryDisk();
        string vkey = Ed25519NoteSigner.FromSeed("test.example/receipts", new byte[32]).VerifierKey.ToString();
        new DataFolder("/data") { Disk = disk }.WriteSettings(new FolderSettings(1, "test.example", 512, vkey, "0123456789abcdef"));
        byte[] whole = disk.Content["/data/indelible.json"];
        yield return whole;

        // Without its last line, which mending puts there.
        yield return whole[..^65];
    }

    private static bool SettingsOf(byte[] input)
    {
        try
        {
            FolderSettings settings = new DataFolder("/data") { Disk = Disk("/data/indelible.json", input) }.ReadSettings();
            Must.Hold(!string.IsNullOrEmpty(settings.Host), "Settings name a host");
            Must.Hold(settings.SegmentSize is >= 256 and <= 65_536 && int.IsPow2(settings.SegmentSize), "A segment's size is a power of two from 256 to 65,536");
            Must.Hold(VerifierKey.TryParse(settings.ReceiptsVkey, out _), "The receipts' key is one");
            _ = settings.IdSeedValue;
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    private static byte[] WrappedKey()
    {
        var disk = new MemoryDisk();
        using MasterKey master = MasterKey.Create(disk, "/master.key", new SeededRandom());
        using Ed25519NoteSigner signer = new KeyStore(disk, "/keys", master, new SeededRandom()).OpenOrCreate(Log, Origin);
        return disk.Content["/keys/main.key"];
    }

    private static bool KeyFileOf(byte[] input)
    {
        var disk = new MemoryDisk();
        using MasterKey master = MasterKey.Create(disk, "/master.key", new SeededRandom());
        disk.Put("/keys/main.key", input);
        try
        {
            using Ed25519NoteSigner signer = new KeyStore(disk, "/keys", master, new SeededRandom()).Open(Log, Origin);
            Must.BeSame(input, WrappedKey(), "Only what was wrapped opens");
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
    }

    private const string Incarnation =
        """
        "data":{"name":"main.i2","origin":"test.example/logs/main.i2","vkey":"w","of":{"name":"main","origin":"test.example/logs/main","vkey":"v"},
        "restored":{"size":7,"root":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","checkpoint":"c"},"signed":{"size":9},"note":"n"
        """;

    private static IEnumerable<byte[]> SystemEntries() =>
    [
        Foreign.OfText("""{"action":"indelible.init","data":{"host":"test.example","vkey":"v"}}"""),
        Foreign.OfText("""{"action":"indelible.log.create","data":{"name":"main","origin":"test.example/logs/main","vkey":"v","public":false,"personal":["/data/a"]}}"""),
        Foreign.OfText("""{"action":"indelible.key.create","data":{"id":"ind_w_1","kind":"writer","principal":"p","logs":["main","*"],"expires":"2026-11-23T06:14:25Z","hash":"h"}}"""),
        Foreign.OfText("""{"action":"indelible.key.revoke","data":{"id":"ind_a_0"}}"""),
        Foreign.OfText("""{"action":"indelible.restored","data":{"name":"main"}}"""),
        Foreign.OfText("{\"action\":\"indelible.incarnation\"," + Incarnation + "}}"),
        Foreign.OfText("{\"action\":\"indelible.log.incarnation\"," + Incarnation + ",\"public\":true,\"personal\":[]}}"),
    ];

    private static bool SystemEntryOf(byte[] input)
    {
        SystemState before = SystemFold.Apply(
            SystemState.Empty with { Vkey = "v" }, 0, "{\"action\":\"indelible.key.create\",\"data\":{\"id\":\"ind_a_0\",\"kind\":\"admin\",\"principal\":\"p\",\"logs\":[],\"hash\":\"h0\"}}"u8.ToArray());
        try
        {
            SystemState after = SystemFold.Apply(before, 1, input);
            Must.Hold(after.Size == 2, "An entry makes the configuration one larger");
            var authorities = new Authorities(after);
            Must.Hold(after.Keys.Values.All(key => authorities.OfKey(key).On(Log, DateTimeOffset.UnixEpoch) is not null), "A key can be asked what it may do with a log");
            Must.Hold(after.Keys.Values.All(key => Enum.IsDefined(key.Kind) && key.Principal is not null && key.HashText is not null), "A key is whole");
            Must.Hold(after.Logs.Values.All(log => log.Origin is not null && log.Vkey is not null && log.PersonalPointers.All(pointer => pointer is not null)), "A log is whole");
            Must.Hold(after.Frozen.Values.All(log => log.Head.Size >= 0 && log.Vkey is not null && log.Successor is not null), "A finished log is whole");
            Must.Hold(after.Vkey is not null, "The log of the configuration keeps a key");
            return true;
        }
        catch (StorageException e) when (e.Outcome == StorageOutcome.Damaged)
        {
            return false;
        }
    }

    private static IEnumerable<byte[]> Frontiers()
    {
        Hash hash = TreeHasher.EmptyRoot;
        foreach (TreeFrontier frontier in (TreeFrontier[])[FrontierSample(0), FrontierSample(512), FrontierSample(256 * 258)])
        {
            byte[] whole = frontier.Format();
            yield return whole;
            yield return whole[..^65];
        }

        TreeFrontier FrontierSample(long size)
        {
            var text = new StringBuilder($"indelible.dev/verifier-frontier/v2\n{Origin}\n{size}\n{(size == 0 ? "-" : "2026-11-23T06:14:25.2000000Z")}\n");
            text.Append(CultureInfo.InvariantCulture, $"{(size == 0 ? "-" : hash.ToBase64())}\n{(size == 512 ? "interrupted" : "verified")}\n{(size == 512 ? "-" : $"{size + 1} {hash.ToBase64()}")}\n");
            for (long rest = size / 256; rest > 0; rest /= 256)
            {
                text.AppendJoin(' ', Enumerable.Repeat(hash.ToBase64(), (int)(rest % 256))).Append('\n');
            }

            byte[] lines = Foreign.OfText(text.ToString());
            byte[] whole = [.. lines, .. Foreign.OfText(Convert.ToHexStringLower(SHA256.HashData(lines)) + "\n")];
            return TreeFrontier.TryParse(whole, Origin, out TreeFrontier? frontier) ? frontier : throw new InvalidOperationException($"The frontier of {size} does not parse.");
        }
    }

    private static bool FrontierOf(byte[] input)
    {
        if (!TreeFrontier.TryParse(input, Origin, out TreeFrontier? frontier))
        {
            return false;
        }

        Must.BeSame(frontier.Format(), input, "A frontier formats back to its bytes");
        return true;
    }

    private static MemoryDisk Disk(string path, byte[] bytes)
    {
        var disk = new MemoryDisk();
        disk.CreateFolder(Path.GetDirectoryName(path)!);
        disk.Put(path, [.. bytes]);
        return disk;
    }

    /// <summary>The same ids each time.</summary>
    private sealed class SeededRandom : RandomSource
    {
        private readonly Dice _dice = new(1);

        public override void Fill(Span<byte> destination)
        {
            foreach (ref byte b in destination)
            {
                b = (byte)_dice.Next();
            }
        }
    }
}
