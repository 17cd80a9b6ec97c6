using System.IO.Compression;
using System.Text;
using Indelible.Cli.Import;
using Xunit;

namespace Indelible.Server.Tests.Import;

public sealed class CloudTrailImportTests
{
    private static readonly string One = Json(1), Two = Json(2), Three = Json(3);

    [Theory]
    [InlineData("{{\"Records\":[{0},{1},{2}]}}")]
    [InlineData("\uFEFF {{ \"Records\" : [ {0} ,\r\n {1}, {2} ] }} \n")]
    [InlineData("[{0},{1},{2}]")]
    [InlineData("{0}\n{1}\r\n\n{2}")]
    [InlineData("{0}{1} {2}\n")]
    [InlineData("{{\"Records\":[{0}]}}\n{{\"Records\":[{1},{2}]}}")]
    [InlineData("{{\"note\":1,\"Records\":[{0},{1},{2}]}}")]
    public void Reads_every_layout_plain_and_packed(string layout)
    {
        byte[] plain = Utf8(string.Format(null, layout, One, Two, Three));
        foreach (byte[] content in new[] { plain, Gzip(plain), [.. Gzip(plain[..40]), .. Gzip(plain[40..])] })
        {
            IReadOnlyList<ImportedItem> items = Read(content);
            Assert.Equal([Id(1), Id(2), Id(3)], items.Select(item => Assert.IsType<ImportedClaim>(item).Id));
            Assert.Equal([1, 2, 3], items.Select(item => item.Position.Record));
        }
    }

    [Fact]
    public void Reads_the_same_whatever_pieces_the_bytes_come_in()
    {
        byte[] content = Utf8($"{{\"Records\":[{One},{{\"broken\":tru}},{Two}]}}\n{Three}");
        ImportedItem[] whole = [.. Read(content)];
        ImportedItem[] single = [.. new CloudTrailImport(OriginalMode.None).Read(new OneByteStream(content), "f")];
        Assert.Equal(whole.Select(item => item.Position), single.Select(item => item.Position));
        Assert.Equal(whole.Select(item => item.GetType()), single.Select(item => item.GetType()));
    }

    [Fact]
    public void Says_where_each_record_starts()
    {
        string text = $"{{\"Records\":[{One}, {Two}]}}";
        Assert.Equal([12L, 12 + One.Length + 2], Read(Utf8(text)).Select(item => item.Position.ByteOffset!.Value));
    }

    [Theory]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" \"b\"}")]
    [InlineData("{\"a\":[}]")]
    [InlineData("17")]
    [InlineData("\"text, with ] and }\"")]
    [InlineData("null")]
    [InlineData("[[],{}]")]
    [InlineData("{}")]
    public void A_broken_record_in_a_list_does_not_stop_the_file(string broken)
    {
        IReadOnlyList<ImportedItem> items = Read(Utf8($"{{\"Records\":[{One},{broken},{Two}]}}"));
        Assert.Equal([Id(1), null, Id(2)], items.Select(item => (item as ImportedClaim)?.Id));
        Assert.Equal((2L, 12L + One.Length + 1), (items[1].Position.Record, items[1].Position.ByteOffset!.Value));
    }

    [Theory]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":1,")]
    [InlineData("{\"a\":\"cut")]
    [InlineData("nonsense")]
    [InlineData("17")]
    [InlineData("}")]
    public void A_broken_line_does_not_stop_the_file(string broken) =>
        Assert.Equal([Id(1), null, Id(2)], Read(Utf8($"{One}\n{broken}\n{Two}\n")).Select(item => (item as ImportedClaim)?.Id));

    [Theory]
    [InlineData("{{\"Records\":[{0},{1}")]
    [InlineData("{{\"Records\":[{0},{1},")]
    [InlineData("{{\"Records\":[{0},{1}]")]
    [InlineData("{{\"Records\":[{0},{1},{{\"a\":\"b")]
    [InlineData("{{\"Records\":[{0},{1} {2}]}}")]
    [InlineData("{{\"Records\":[{0},{1},]}}")]
    [InlineData("{{\"Records\":[{0},{1}],\"more\":[{2}]}}")]
    public void A_list_that_loses_its_form_is_a_fault_behind_its_good_records(string layout)
    {
        IReadOnlyList<ImportedItem> items = Read(Utf8(string.Format(null, layout, One, Two, Three)));
        Assert.Equal([Id(1), Id(2), null], items.Select(item => (item as ImportedClaim)?.Id));
        Assert.NotEqual("", ((ImportFault)items[2]).Detail);
    }

    [Fact]
    public void What_a_lost_quote_swallows_is_named_by_its_bytes()
    {
        string text = $"[{One},{{\"a\":\"x}},{Two},{Three}]";
        IReadOnlyList<ImportedItem> items = Read(Utf8(text));
        ImportFault fault = Assert.IsType<ImportFault>(items[1]);
        Assert.Contains($"byte {1 + One.Length + 1}", fault.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_empty_list_is_no_fault_and_an_empty_file_is_one()
    {
        Assert.Empty(Read("{\"Records\":[]}"u8.ToArray()));
        Assert.IsType<ImportFault>(Assert.Single(Read([])));
        Assert.IsType<ImportFault>(Assert.Single(Read(" \n"u8.ToArray())));
    }

    [Fact]
    public void A_record_of_any_length_and_depth_is_read_or_refused_in_bounded_memory()
    {
        string longOne = $"{{\"a\":\"{new string('x', RecordReader.MaxRecordBytes + 10)}\"}}";
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);
        foreach (string broken in new[] { longOne, deep })
        {
            Assert.Equal([Id(1), null, Id(2)], Read(Utf8($"[{One},{broken},{Two}]")).Select(item => (item as ImportedClaim)?.Id));
            Assert.Equal([Id(1), null, Id(2)], Read(Utf8($"{One}\n{broken}\n{Two}")).Select(item => (item as ImportedClaim)?.Id));
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_a_fault()
    {
        byte[] content = Utf8(One);
        content[content.AsSpan().IndexOf("mira"u8)] = 0xFF;
        Assert.IsType<ImportFault>(Assert.Single(Read(content)));
    }

    [Fact]
    public void A_damaged_or_cut_packed_file_is_a_fault()
    {
        byte[] packed = Gzip(Utf8(string.Concat(Enumerable.Range(1, 200).Select(i => Json(i) + "\n"))));
        byte[] damaged = [.. packed];
        damaged.AsSpan(packed.Length / 2, 40).Fill(0xAA);
        Assert.Contains(Read(damaged), item => item is ImportFault);
        Assert.Contains(Read(packed[..^200]), item => item is ImportFault);
    }

    [Fact]
    public void A_file_that_cannot_be_read_does_not_stop_the_others()
    {
        string folder = Directory.CreateTempSubdirectory("import").FullName;
        try
        {
            string first = Path.Combine(folder, "b", "first.json.gz");
            Directory.CreateDirectory(Path.GetDirectoryName(first)!);
            File.WriteAllText(first, One);
            File.WriteAllBytes(Path.Combine(folder, "a"), Gzip(Utf8(Two)));
            string missing = Path.Combine(folder, "missing");

            ImportedItem[] items = [.. new CloudTrailImport(OriginalMode.None).ReadPaths([missing, folder, first])];

            Assert.Equal([null, Id(2), Id(1), Id(1)], items.Select(item => (item as ImportedClaim)?.Id));
            Assert.Equal(missing, items[0].Position.File);
            Assert.Equal(first, items[3].Position.File);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Needs", "shared-data")]
    public void Maps_every_record_of_a_real_trail()
    {
        string folder = Path.Combine(RepositoryFolder.Find() ?? ".", "..", "shared", "data", "cloudtrail");
        Assert.SkipUnless(Directory.Exists(folder), "There is no shared/data/cloudtrail beside the repository.");

        ImportedItem[] items = [.. new CloudTrailImport(OriginalMode.Personal).ReadPaths(Directory.GetFiles(folder, "*.json"))];

        Assert.Empty(items.OfType<ImportFault>());
        Assert.Equal(1233, items.Length);
        Assert.Equal(1233, items.Cast<ImportedClaim>().DistinctBy(claim => claim.Id).Count());
        Assert.All(items.Cast<ImportedClaim>(), claim => ClaimRules.Check(claim.Utf8));
    }

    private static string Json(int number) => CloudTrailMappingTests.Record(number: number).ToJsonString();

    private static string Id(int number) => $"7b0c1f5e-0000-4000-8000-{number:000000000000}";

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static IReadOnlyList<ImportedItem> Read(byte[] content) =>
        [.. new CloudTrailImport(OriginalMode.None).Read(new MemoryStream(content), "f")];

    private static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }

    private sealed class OneByteStream(byte[] content) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);
    }
}
