using System.Globalization;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Attacks;

/// <summary>Bounds on what a request may bring before anybody knows who sends it.</summary>
public sealed class ConnectionLimitTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("a line of 33 KiB", 414)]
    [InlineData("65 headers", 431)]
    [InlineData("a header of 33 KiB", 431)]
    [InlineData("headers of 33 KiB together", 431)]
    [InlineData("a line of 31 KiB", 404)]
    [InlineData("60 headers", 404)]
    public async Task More_head_than_a_request_needs_is_refused(string kind, int expected)
    {
        string target = kind.Contains("line", StringComparison.Ordinal) ? "/" + new string('a', int.Parse(kind.AsSpan(10, 2), CultureInfo.InvariantCulture) << 10) : "/nosuch";
        IEnumerable<string> headers = kind switch
        {
            "65 headers" => Enumerable.Range(0, 64).Select(i => $"X-{i}: a"),
            "60 headers" => Enumerable.Range(0, 58).Select(i => $"X-{i}: a"),
            "a header of 33 KiB" => ["X-Long: " + new string('a', 33 << 10)],
            "headers of 33 KiB together" => Enumerable.Range(0, 33).Select(i => $"X-{i}: {new string('a', 1 << 10)}"),
            _ => [],
        };

        (int status, _) = await RawHttp.AskAsync(server.Url, "GET", target, null, headers);

        Assert.Equal(expected, status);
        Assert.Equal(200, (await server.GetAsync("healthz")).Status);
    }

    [Fact]
    public async Task A_query_as_long_as_queries_may_be_fits_with_each_byte_escaped()
    {
        TestLog log = await server.NewLogAsync();
        string query = string.Concat(Enumerable.Repeat("%61", Search.QueryLimits.MaxTextBytes - 16));

        (int status, string answer) = await RawHttp.GetAsync(server.Url, $"/api/logs/{log.Name}/events?q={query}", log.ReaderKey);

        Assert.True(status == 200, answer);
    }

    [Theory]
    [InlineData(null, 20_000)]
    [InlineData(1_000_000L, 20_000)]
    [InlineData(20_000L, 19_488)]
    [InlineData(1_024L, 512)]
    [InlineData(600L, 150)]
    public void Connections_leave_files_to_the_log(long? files, long connections) => Assert.Equal(connections, ConnectionLimits.ConnectionsWithin(files));
}
