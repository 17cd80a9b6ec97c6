using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Paths that mean one thing to a proxy in front and another to us, or leave their folder.</summary>
public sealed class PathTests(TestServer server) : IClassFixture<TestServer>
{
    /// <summary>LOG is a log of the reader's with one entry, OTHER one that he may not read.</summary>
    [Theory]
    [InlineData("/api/logs/x/../LOG/events")]
    [InlineData("/api/logs/x/%2e%2e/LOG/events")]
    [InlineData("/api/logs/x/.%2E/LOG/events")]
    [InlineData("/api/logs/x/%2e%2e%2fLOG/events")]
    [InlineData("/api/logs/./LOG/events")]
    [InlineData("/api/logs/LOG/events/.")]
    [InlineData("/api/logs/LOG/x/..%2fevents")]
    [InlineData("/api/logs/LOG%2fevents")]
    [InlineData("/api/logs/LOG%5cevents")]
    [InlineData("/api/logs/LOG\\events")]
    [InlineData("/api\\logs\\LOG\\events")]
    [InlineData("/api/logs/LOG;x=1/events")]
    [InlineData("/api/logs/LOG/events;x")]
    [InlineData("//api/logs/LOG/events")]
    [InlineData("/api//logs/LOG/events")]
    [InlineData("/api/logs//LOG/events")]
    [InlineData("/api/logs/LOG/events/")]
    [InlineData("/api/logs/LOG/events//")]
    [InlineData("/API/logs/LOG/events")]
    [InlineData("/api/Logs/LOG/events")]
    [InlineData("/api/logs/LOG/Events")]
    [InlineData("/api/logs/LOG./events")]
    [InlineData("/api/logs/LOG%20/events")]
    [InlineData("/api/logs/LOG%00/events")]
    [InlineData("/api/logs/LOG%0d%0a/events")]
    [InlineData("/api/logs/%256cog-1/events")]
    [InlineData("/api/logs/%252e%252e/LOG/events")]
    [InlineData("/api/logs/x/%c0%ae%c0%ae/LOG/events")]
    [InlineData("/api/logs/x/%e0%80%ae./LOG/events")]
    [InlineData("/api/logs/%c1%acog-1/events")]
    [InlineData("/api/logs/OTHER/events")]
    [InlineData("/api/logs/LOG/../OTHER/events")]
    [InlineData("/logs/LOG/tile/../../OTHER/tile/0/000.p/1")]
    [InlineData("/logs/LOG/tile/%2e%2e/%2e%2e/OTHER/tile/0/000.p/1")]
    [InlineData("/logs/LOG/tile/..%2f..%2fOTHER/tile/0/000.p/1")]
    [InlineData("/logs/LOG/tile/../checkpoint")]
    [InlineData("/logs/LOG/tile/0/000.p/1/")]
    [InlineData("/logs/LOG/tile/0/000.p/1?/../..")]
    [InlineData("/logs/LOG/tile/0//000.p/1")]
    [InlineData("/logs/LOG/tile/00/000.p/1")]
    [InlineData("/logs/LOG/tile/0/0.p/1")]
    [InlineData("/logs/LOG/tile/0/x000/000.p/1")]
    [InlineData("/logs/LOG/tile/0/000.p/01")]
    [InlineData("/logs/LOG/tile/0/000.p/+1")]
    [InlineData("/logs/LOG/tile/0/000.P/1")]
    [InlineData("/logs/LOG/tile/0/000%2ep/1%20")]
    [InlineData("/logs/LOG/tile/0/000.p%2f1")]
    [InlineData("/logs/LOG/tile/-0/000.p/1")]
    [InlineData("/logs/LOG/tile/64/000.p/1")]
    [InlineData("/logs/LOG/Tile/0/000.p/1")]
    [InlineData("/logs/LOG/tile/Entries/000.p/1")]
    [InlineData("/Logs/LOG/checkpoint")]
    [InlineData("/logs/LOG/checkpoint/")]
    [InlineData("/logs/LOG/checkpoint/..")]
    [InlineData("/METRICS")]
    [InlineData("/metrics/")]
    [InlineData("/x/../metrics")]
    [InlineData("/api/Keys")]
    [InlineData("/api/keys/")]
    [InlineData("/openapi/V1.json")]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/..%5c..%5c..%5cetc%5cpasswd")]
    [InlineData("/..\\..\\..\\etc\\passwd")]
    [InlineData("//etc/passwd")]
    [InlineData("/file:///etc/passwd")]
    [InlineData("/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd")]
    [InlineData("/.%00./etc/passwd")]
    [InlineData("/app.js/../../Indelible.Server.dll")]
    [InlineData("/Indelible.Server.dll")]
    [InlineData("/wwwroot/app.js")]
    [InlineData("/../wwwroot/app.js")]
    [InlineData("/app.js%00")]
    [InlineData("/app.js%00.html")]
    [InlineData("/app.js;x")]
    [InlineData("/app.js/")]
    [InlineData("/app.js.")]
    [InlineData("/app.js%20")]
    [InlineData("/app.js::$DATA")]
    [InlineData("/Microsoft.Extensions.FileProviders.Embedded.Manifest.xml")]
    public async Task A_path_that_is_not_spelled_as_documented_reaches_nothing(string path)
    {
        TestLog log = await server.NewLogAsync();
        TestLog other = await server.NewLogAsync();
        await log.FillAsync(1);
        await other.FillAsync(1);
        bool isQuery = path.Contains('?', StringComparison.Ordinal);

        (int status, string answer) = await RawHttp.GetAsync(
            server.Url, path.Replace("LOG", log.Name, StringComparison.Ordinal).Replace("OTHER", other.Name, StringComparison.Ordinal), log.ReaderKey);

        Assert.True(isQuery ? status == 200 : status is 400 or 404, answer);
        Assert.DoesNotContain("root:", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("leaf_hash", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/logs/LOG/events")]
    [InlineData("/api/logs/%6cog-1/events")]
    [InlineData("/logs/LOG/tile/0/000.p/1")]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/metrics")]
    [InlineData("/openapi/v1.json")]
    public async Task A_path_as_documented_is_served(string path)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);
        string own = path.Contains("LOG", StringComparison.Ordinal) ? path.Replace("LOG", log.Name, StringComparison.Ordinal) : path.Replace("log-1", log.Name, StringComparison.Ordinal);

        (int status, string answer) = await RawHttp.GetAsync(server.Url, own.Replace("%6cog-1", "%6c" + log.Name[1..], StringComparison.Ordinal), log.ReaderKey);

        Assert.True(status == 200, answer);
    }
}
