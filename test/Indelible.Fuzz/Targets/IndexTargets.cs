using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Indelible.Fuzz.Driving;
using Indelible.Search;
using Indelible.Tests.Events;

namespace Indelible.Fuzz.Targets;

/// <summary>Files of indexes, and the entries that go into one.</summary>
internal static class IndexTargets
{
    private const int Rows = 24;

    private static readonly ChunkIdentity s_identity = new("o.example/logs/main", 0, Rows, new byte[32]);

    private static readonly string[] s_words = ["patient", "record", "42", "u", "8472", "x", "Zoë", "é", "true", "null", "2026", "患", "a*", "*1", "7f3a"];

    private static readonly FieldPath[] s_paths = [new(), new("action"), new("actor", "id"), new("data"), new("data", "n"), new("time"), new("salt"), new("targets", "id"), new("\u0001"), new("a", "")];

    private static readonly string[] s_values = ["a.b", "x", "u-1", "1", "-0", "2.5", "true", "192.0.2.7", "::1", "", "2026-11-23T06:14:25Z"];

    public static IEnumerable<FuzzTarget> All { get; } =
    [
        new("index-file", "An index file answers whatever is asked, or is damaged.", FileOf, Files)
        {
            Words = ["INDXIDX1", "\u0001", "\0\0", "\u0018", "\u007F\u007F", "actor", "id"],
            Mend = Mend,
            MaxBytes = 24_000,
            MemoryBytes = 64 << 20,
            Slowness = 10,
        },
        new("indexed-entry", "What an entry matches its index finds, or says that it does not know; the file says the same.", EntryOf, Entries)
        {
            Words = ["{", "}", "[", "]", ",", ":", "\"", "\\ud800", "\\u0061", "null", "true", "\"$pii\":", "\"$redacted\":", "\"time\":\"2026-11-23T06:14:25Z\"", "\"salt\":", "-0", "1e999999", "::1", "192.0.2.7", "[[[[", "\"\""],
            MemoryBytes = 64 << 20,
            Slowness = 20,
        },
    ];

    private static IEnumerable<byte[]> Entries() =>
        [Foreign.OfText(Samples.Minimal), Foreign.OfText(Samples.Full), Foreign.OfText("""{"action":"a.b","actor":{"id":"u-1","name":{"$pii":{"ct":""}}},"data":{"n":[1,2.5,-3e7,"x"],"t":true,"z":null}}""")];

    private static IEnumerable<byte[]> Files()
    {
        var builder = new ChunkIndexBuilder(0);
        byte[][] entries = [.. Entries()];
        for (int row = 0; row < Rows; row++)
        {
            builder.Append(row % 4 < 3 ? entries[row % 4] : Foreign.OfText($$"""{"actor":{"id":"u-{{row}}"},"data":{"n":{{row}},"m":"word {{row}} 7f3a"},"time":"2026-11-{{row + 1:D2}}"}"""));
        }

        using var file = new MemoryStream();
        builder.Write(file, s_identity);
        yield return file.ToArray();
    }

    private static bool FileOf(byte[] input)
    {
        try
        {
            IndexContent content = IndexFile.Read([.. input], s_identity);
            Ask(new FileIndex(content));
            return true;
        }
        catch (IndexDamagedException)
        {
            return false;
        }
    }

    private static bool EntryOf(byte[] input)
    {
        var builder = new ChunkIndexBuilder(0);
        for (int row = 0; row < Rows; row++)
        {
            builder.Append(input);
        }

        using var file = new MemoryStream();
        builder.Write(file, s_identity);
        ITermIndex live = builder.Index(null).Terms;
        var written = new FileIndex(IndexFile.Read(file.ToArray(), s_identity));
        Must.Hold(Ask(live) == Ask(written), "Index and file give the same answers");
        try
        {
            Compare(input, live);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void Compare(byte[] entry, ITermIndex index)
    {
        foreach (string text in s_words)
        {
            if (Phrase.From([.. text.EnumerateRunes().Select(rune => rune.Value == '*' ? Glob.Star : rune.Value)]) is { HasWildcards: false } phrase
                && new EntryMatcher(new WordsNode(null, phrase)).Matches(entry))
            {
                Found(index, null, text, rows =>
                {
                    index.AddWord(FoldedPhrase.Of(phrase), rows);
                    index.AddIdentifiers(phrase, rows);
                });
            }
        }

        foreach (FieldPath path in s_paths.Where(path => path.Segments.Length > 0))
        {
            if (new EntryMatcher(new ExistsNode(path)).Matches(entry))
            {
                Found(index, path, "existence", rows => index.AddExisting(path, rows));
            }

            foreach (string value in s_values.Where(value => new EntryMatcher(new EqualsNode(path, new Literal(value, quoted: true))).Matches(entry)))
            {
                Found(index, path, value, rows =>
                {
                    index.AddEqual(path, TermKind.String, Encoding.UTF8.GetBytes(value), rows);
                    index.AddHashed(path, Encoding.UTF8.GetBytes(value), rows);
                });
            }
        }
    }

    private static void Found(ITermIndex index, FieldPath? path, string what, Action<RowSet> ask)
    {
        RowSet rows = RowSet.Rent();
        ask(rows);
        index.AddUnindexed(path, rows);
        Must.Hold(rows.Count == Rows, $"The index knows of {what} at {path}");
        rows.Return();
    }

    /// <summary>Asks what there is to ask.</summary>
    /// <returns>A sum of the answers.</returns>
    private static ulong Ask(ITermIndex index)
    {
        var sum = new XxHash3();
        RowSet rows = RowSet.Rent();
        foreach (FieldPath path in s_paths)
        {
            index.AddExisting(path, rows);
            index.AddSealed(path, rows);
            index.AddHashedRows(path, rows);
            index.AddUnindexed(path, rows);
            foreach (TermKind kind in Enum.GetValues<TermKind>())
            {
                index.VisitTerms(path, kind, [], Visit);
                index.VisitTerms(path, kind, "2"u8, Visit);
                sum.Append(BitConverter.GetBytes(index.CountTerms(path, kind)));
                foreach (string value in s_values)
                {
                    index.AddEqual(path, kind, Encoding.UTF8.GetBytes(value), rows);
                }
            }

            index.Times(path)?.AddBetween(0, new DateTime(2026, 11, 12, 0, 0, 0, DateTimeKind.Utc).Ticks, rows);
            index.Times(path)?.AddUndecided(rows);
            sum.Append(System.Runtime.InteropServices.MemoryMarshal.AsBytes(rows.Bits));
        }

        rows.Clear();
        index.AddSealed(null, rows);
        index.VisitWords([], Visit);
        foreach (string word in s_words)
        {
            Phrase phrase = Phrase.From([.. word.EnumerateRunes().Select(rune => rune.Value == '*' ? Glob.Star : rune.Value)])!;
            index.AddIdentifiers(phrase, rows);
            index.AddWord(Encoding.UTF8.GetBytes(word), rows);
        }

        sum.Append(System.Runtime.InteropServices.MemoryMarshal.AsBytes(rows.Bits));
        rows.Return();
        return sum.GetCurrentHashAsUInt64();

        bool Visit(ReadOnlySpan<byte> term, in Postings postings)
        {
            sum.Append(term);
            sum.Append(BitConverter.GetBytes(postings.Count));
            postings.AddTo(rows);
            return true;
        }
    }

    /// <summary>Makes every sum of a file right for what is in it.</summary>
    private static byte[] Mend(byte[] file)
    {
        if (file.Length < IndexFormat.BlockBytes + IndexFormat.TrailerBytes)
        {
            return file;
        }

        Span<byte> trailer = file.AsSpan(file.Length - IndexFormat.TrailerBytes);
        long resident = BinaryPrimitives.ReadInt64LittleEndian(trailer);
        if (resident < IndexFormat.BlockBytes || resident > file.Length - IndexFormat.TrailerBytes)
        {
            return file;
        }

        for (int block = 1; (block + 1) * IndexFormat.BlockBytes <= resident && resident + 8 + (8 * block) <= file.Length - IndexFormat.TrailerBytes; block++)
        {
            ulong sum = XxHash3.HashToUInt64(file.AsSpan(block * IndexFormat.BlockBytes, IndexFormat.BlockBytes));
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((int)resident + 8 + (8 * (block - 1))), sum);
        }

        SHA256.HashData([.. file[..IndexFormat.BlockBytes], .. file[(int)resident..^IndexFormat.TrailerBytes], .. trailer[..8]], trailer[8..]);
        return file;
    }
}
