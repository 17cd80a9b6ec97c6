using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace Indelible.Search.Tests.Indexing;

/// <summary>The index of what stands in sealed places.</summary>
public sealed class PersonalIndexTests : IDisposable
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly string _folder = Directory.CreateTempSubdirectory("indelible-index-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Has_what_is_sealed_and_nothing_else() => RandomEntries.Log(0, 200).Sample(
        log =>
        {
            var plain = new PlainIndex(isPersonal: true);
            var builder = new PersonalIndexBuilder(0);
            foreach (byte[]? entry in log)
            {
                byte[] clear = entry is null ? [] : Clear(entry);
                plain.Append(entry, clear);
                builder.Append(entry, clear);
            }

            ITermIndex index = builder.View();
            List<ulong?> answers = Answers.Of(index);
            using ChunkIndex file = Open(log, builder);
            Assert.Equal(answers, Answers.Of(file.Personal!));
            foreach (FieldPath path in new FieldPath[] { new(), new("actor"), new("id"), new("time"), new("a b"), new("actor", "id"), new("data"), new("x", "x"), new("data", "data"), new("$pii") })
            {
                foreach (TermKind kind in Enum.GetValues<TermKind>())
                {
                    if (!index.IsHashed(path) || kind != TermKind.String)
                    {
                        Assert.Equal(Terms(plain, path, kind), Terms(index, path, kind));
                    }
                }

                Assert.Equal(Rows(rows => plain.AddExisting(path, rows)), Rows(rows => index.AddExisting(path, rows)));
            }

            foreach (string word in new[] { "aspirin", "alice", "2", "example", "記", "u" })
            {
                List<int> expected = Rows(rows => plain.AddWord(Encoding.UTF8.GetBytes(word), rows));
                List<int> actual = Rows(rows => index.AddWord(Encoding.UTF8.GetBytes(word), rows));
                int row = expected.Concat(actual).FirstOrDefault(row => !expected.Contains(row) || !actual.Contains(row), -1);
                Assert.True(row < 0, row < 0 ? "" : $"{word} in row {row}: {Encoding.UTF8.GetString(log[row]!)}");
            }
        },
        iter: 60,
        threads: 1);

    [Fact]
    public void A_whole_object_that_is_sealed_is_found_under_its_paths()
    {
        var builder = new PersonalIndexBuilder(0);
        builder.Append("""{"a":"open","data":{"original":{"$pii":{"ct":"x"}}}}"""u8, """{"a":"open","data":{"original":{"user":{"name":["Alice","Bob"]}}}}"""u8);
        ITermIndex index = builder.View();
        Assert.Equal([0], Rows(rows => index.AddEqual(new FieldPath("data", "original", "user", "name"), TermKind.String, "Bob"u8, rows)));
        Assert.Equal([0], Rows(rows => index.AddWord("alice"u8, rows)));
        Assert.Equal([0], Rows(rows => index.AddExisting(new FieldPath("data", "original", "user"), rows)));
        Assert.Empty(Rows(rows => index.AddWord("open"u8, rows)));
        Assert.Empty(Rows(rows => index.AddExisting(new FieldPath("a"), rows)));
    }

    [Fact]
    public void An_entry_whose_clear_form_is_another_entry_is_left_open()
    {
        var builder = new PersonalIndexBuilder(0);
        builder.Append("""{"a":{"$pii":{}},"b":1}"""u8, """{"a":"x"}"""u8);
        builder.Append("""{"a":[1,{"$pii":{}}]}"""u8, """{"a":[1]}"""u8);
        builder.Append("""{"a":{"$pii":{}}}"""u8, ""u8);
        Assert.Equal([0, 1, 2], Rows(rows => builder.View().AddUnindexed(new FieldPath("a"), rows)));
    }

    [Fact]
    public void Is_not_readable_on_the_disk_and_opens_with_its_key_and_for_its_chunk_alone()
    {
        byte[]?[] log = [.. Enumerable.Range(0, 300).Select(row => Encoding.UTF8.GetBytes($$$"""{"n":{"$pii":"Person number {{{row}}}"}}"""))];
        var builder = new PersonalIndexBuilder(0);
        Array.ForEach(log, entry => builder.Append(entry, Clear(entry!)));
        using (ChunkIndex index = Open(log, builder))
        {
            Assert.Equal([17], Rows(rows => index.Personal!.AddWord("17"u8, rows)));
        }

        byte[] file = File.ReadAllBytes(PersonalPath);
        Assert.DoesNotContain("person", Encoding.Latin1.GetString(file), StringComparison.OrdinalIgnoreCase);
        Assert.Throws<IndexDamagedException>(() => IndexFile.Open(PublicPath, Identity(log), PersonalPath, new byte[32]));
        Gen.Int[0, file.Length - 1].Sample(
            at =>
            {
                byte[] damaged = [.. file];
                damaged[at] ^= 0x10;
                File.WriteAllBytes(PersonalPath, damaged);
                Assert.Throws<IndexDamagedException>(() => IndexFile.Open(PublicPath, Identity(log), PersonalPath, s_key));
                File.WriteAllBytes(PersonalPath, file[..at]);
                Assert.Throws<IndexDamagedException>(() => IndexFile.Open(PublicPath, Identity(log), PersonalPath, s_key));
            },
            iter: 60,
            threads: 1);

        // Another chunk that differs in its root alone.
        var publicBuilder = new ChunkIndexBuilder(0);
        Array.ForEach(log, entry => publicBuilder.Append(entry));
        ChunkIdentity other = Identity(log) with { Root = SHA256.HashData("other"u8) };
        Write(PublicPath, into => publicBuilder.Write(into, other));
        File.WriteAllBytes(PersonalPath, file);
        Assert.Throws<IndexDamagedException>(() => IndexFile.Open(PublicPath, other, PersonalPath, s_key));
    }

    /// <summary>The entry as somebody sees it who may see all: what is sealed in place of its seal, sometimes erased.</summary>
    private static byte[] Clear(byte[] entry)
    {
        using var document = JsonDocument.Parse(entry);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json, document.RootElement);
        }

        return buffer.ToArray();

        static void Write(Utf8JsonWriter json, JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    JsonProperty[] members = [.. element.EnumerateObject()];
                    if (members is [{ Name: "$pii" } only])
                    {
                        if (only.Value.ValueKind == JsonValueKind.Number)
                        {
                            json.WriteRawValue("{\"$erased\":true}");
                        }
                        else
                        {
                            only.Value.WriteTo(json);
                        }

                        break;
                    }

                    json.WriteStartObject();
                    foreach (JsonProperty member in members)
                    {
                        json.WritePropertyName(member.Name);
                        Write(json, member.Value);
                    }

                    json.WriteEndObject();
                    break;
                case JsonValueKind.Array:
                    json.WriteStartArray();
                    foreach (JsonElement item in element.EnumerateArray())
                    {
                        Write(json, item);
                    }

                    json.WriteEndArray();
                    break;
                default:
                    element.WriteTo(json);
                    break;
            }
        }
    }

    private static string[] Terms(ITermIndex index, FieldPath path, TermKind kind)
    {
        var terms = new List<string>();
        index.VisitTerms(path, kind, [], (ReadOnlySpan<byte> term, in Postings postings) =>
        {
            RowSet rows = RowSet.Rent();
            postings.AddTo(rows);
            terms.Add(Convert.ToHexString(term) + " " + string.Join(',', List(rows)));
            rows.Return();
            return true;
        });
        return [.. terms];
    }

    private static List<int> Rows(Action<RowSet> ask)
    {
        RowSet rows = RowSet.Rent();
        ask(rows);
        List<int> list = List(rows);
        rows.Return();
        return list;
    }

    private static List<int> List(RowSet rows)
    {
        var list = new List<int>();
        for (int row = rows.FirstFrom(0); row >= 0; row = rows.FirstFrom(row + 1))
        {
            list.Add(row);
        }

        return list;
    }

    private static ChunkIdentity Identity(IReadOnlyList<byte[]?> log) => new("localhost:7480/logs/main", 0, log.Count, new byte[32]);

    private static void Write(string path, Action<Stream> write)
    {
        File.Delete(path);
        using FileStream file = File.Create(path);
        write(file);
    }

    private string PublicPath => Path.Combine(_folder, "public.index");

    private string PersonalPath => Path.Combine(_folder, "personal.index");

    private ChunkIndex Open(IReadOnlyList<byte[]?> log, PersonalIndexBuilder builder)
    {
        var publicBuilder = new ChunkIndexBuilder(0);
        foreach (byte[]? entry in log)
        {
            publicBuilder.Append(entry is null ? "{}"u8 : entry);
        }

        Write(PublicPath, into => publicBuilder.Write(into, Identity(log)));
        Write(PersonalPath, into => builder.Write(into, Identity(log), s_key));
        return IndexFile.Open(PublicPath, Identity(log), PersonalPath, s_key);
    }
}
