using System.Text;
using System.Text.Json;
using CsCheck;
using Indelible.Search.Tests.Indexing;
using Indelible.Search.Tests.Language;

namespace Indelible.Search.Tests.Searching;

/// <summary>Chunks so large that nearly unique values are kept as hashes, which the indexes of small ones never do.</summary>
public sealed class LargeChunkTests : IDisposable
{
    private const int Rows = 12_000;
    private static readonly TestEntry[] s_log = [.. Enumerable.Range(0, Rows).Select(row => new TestEntry(RandomEntries.Ordinary(row), RandomEntries.Ordinary(row)))];
    private static readonly RowSight[] s_all = [new RowSight(Query.All, false)];

    private static readonly string[] s_templates =
    [
        "id:\"{id}\"", "{id}", "\"{id}\"", "{id0}", "{id4}", "{id0}*", "*{mid}*", "id:{id0}*", "id~{id4}", "-id:\"{id}\" outcome:failure", "id>=\"{id}\" action:login", "order-{row}", "{row}",
        "data.order:order-{row}", "data.text:\"Number {row} was refused\"", "\"was refused by\" {row}", "data.text~refused data.text~{row}", "ip:{ip}", "ip:{ip}/28 actor:{actor}", "ip:[10.0.1.0 TO 10.0.1.99]",
        "actor:{actor} time>={time}", "actor:{actor} OR id:\"{id}\"", "targets.count>490", "targets.count:{count} -action:login", "target:{target}", "target:t{t1}*", "time:{time}", "time=\"{time}\"",
        "exists(id) outcome:failure", "\"{id4} {id5}\"", "aspirin -refused outcome:failure", "salt:{salt}", "message:*x* OR actor:{actor}", "ip:{ip} OR -ip:10.0.0.0/8", "data.order:*{row}",
    ];

    private static readonly Gen<string> s_query = Gen.Select(RandomQueries.Of(s_templates), Gen.Int[0, Rows - 1]).Select(Fill);

    private readonly SeenLog _source = new SeenLog(s_log, s_all, null).Written(5000);

    [Fact]
    public async Task Pages_are_those_of_the_scan() => await Gen.Select(s_query, Gen.Int[0, 2], Gen.Int[1, 100]).SampleAsync(
        async c =>
        {
            var request = new SearchRequest(Entries.Parse(c.Item1), null, (SearchOrder)c.Item2, c.Item3, null, null);
            SearchPage wanted = await new ScanSearch().SearchAsync(_source, request, TestContext.Current.CancellationToken);
            SearchPage page = await new IndexedSearch().SearchAsync(_source, request, TestContext.Current.CancellationToken);
            Assert.Equal(wanted.Items.Select(item => item.Index), page.Items.Select(item => item.Index));
            Assert.Equal(wanted.Total, page.Total);
            Assert.Equal(wanted.Next, page.Next);
        },
        iter: 150,
        threads: 1);

    [Theory]
    [InlineData("id:\"{id}\"", 20)]
    [InlineData("data.order:order-{row}", 20)]
    [InlineData("ip:{ip}", 0)]
    [InlineData("ip:10.0.1.0/24", 0)]
    [InlineData("actor:{actor} time>={time}", 0)]
    [InlineData("target:{target} outcome:failure", 20)]
    [InlineData("time:{time}", 0)]
    public async Task Few_entries_are_looked_at(string template, int most)
    {
        var request = new SearchRequest(Entries.Parse(Fill((template, 7_777))), null, SearchOrder.NewestFirst, 50, null, null);
        SearchPage page = await new IndexedSearch().SearchAsync(_source, request, TestContext.Current.CancellationToken);
        Assert.True(page.Total.Exact);
        Assert.InRange(page.Scanned, 0, most);
    }

    public void Dispose() => _source.Dispose();

    private static string Fill((string Template, int Row) query)
    {
        using JsonDocument json = JsonDocument.Parse(s_log[query.Row].Clear);
        JsonElement entry = json.RootElement;
        string id = entry.GetProperty("id").GetString()!;
        string target = entry.GetProperty("targets")[0].GetProperty("id").GetString()!;
        string[] parts = id.Split('-');
        return new StringBuilder(query.Template)
            .Replace("{id}", id).Replace("{id0}", parts[0]).Replace("{id4}", parts[3]).Replace("{id5}", parts[4]).Replace("{mid}", id[10..16]).Replace("{row}", $"{query.Row}")
            .Replace("{ip}", entry.GetProperty("source").GetProperty("ip").GetString()).Replace("{actor}", entry.GetProperty("actor").GetProperty("id").GetString())
            .Replace("{time}", entry.GetProperty("time").GetString()).Replace("{count}", entry.GetProperty("targets")[0].GetProperty("count").GetRawText())
            .Replace("{target}", target).Replace("{t1}", target[1..3]).Replace("{salt}", entry.GetProperty("salt").GetString())
            .ToString();
    }
}
