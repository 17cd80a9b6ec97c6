using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Indelible.Server.Tests.Api;

/// <summary>What operators and browsers see: health, metrics, OpenAPI, the page, headers.</summary>
public sealed class OperationsTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("healthz", "ok\n")]
    [InlineData("readyz", "ready\n")]
    public async Task Says_that_it_runs(string path, string text)
    {
        Answer answer = await server.GetAsync(path);

        Assert.Equal(200, answer.Status);
        Assert.Equal(text, answer.Text);
    }

    [Fact]
    public async Task The_page_is_served_and_loads_nothing_from_elsewhere()
    {
        Answer answer = await server.GetAsync("");

        Assert.Equal(200, answer.Status);
        Assert.Equal("text/html", answer.ContentHeaders.ContentType?.MediaType);
        Assert.StartsWith("<!doctype html>", answer.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https://", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_page_itself_loads_is_there_and_allowed_by_its_policy()
    {
        string page = (await server.GetAsync("")).Text;

        Assert.DoesNotMatch("(?i)<script(?![^>]*\\bsrc=)[^>]*>", page);
        Assert.DoesNotMatch("(?i)<style|\\sstyle=|\\son[a-z]+=", page);
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(page, "(?:src|href)=\"([^\"#:]+)\""))
        {
            Assert.Equal(200, (await server.GetAsync(match.Groups[1].Value)).Status);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("healthz")]
    [InlineData("api/logs")]
    [InlineData("nosuch")]
    [InlineData("nosuch/file.txt")]
    [InlineData("metrics")]
    [InlineData("openapi/v1.json")]
    [InlineData("logs/main/checkpoint")]
    public async Task Every_answer_carries_the_security_headers(string path)
    {
        Answer answer = await server.GetAsync(path);

        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("GET", "nosuch", 404, "not-found")]
    [InlineData("GET", "nosuch/file.txt", 404, "not-found")]
    [InlineData("POST", "nosuch", 404, "not-found")]
    [InlineData("GET", "api", 404, "not-found")]
    [InlineData("GET", "openapi/v2.json", 404, "not-found")]
    [InlineData("PUT", "api/logs", 405, "method-not-allowed")]
    [InlineData("DELETE", "api/logs/main/events/0", 405, "method-not-allowed")]
    [InlineData("PATCH", "api/keys/x", 405, "method-not-allowed")]
    [InlineData("POST", "logs/main/checkpoint", 405, "method-not-allowed")]
    public async Task What_there_is_not_is_a_problem_too(string method, string path, int status, string name)
    {
        Answer answer = await server.SendAsync(new HttpMethod(method), path, server.AdminKey);

        answer.ShouldBeProblem(status, name);
        Assert.Equal(status == 405, answer.ContentHeaders.Allow.Count > 0);
    }

    [Fact]
    public async Task Metrics_tell_of_appends_refusals_and_sizes()
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a"));
        await log.AppendAsync(TestLog.Event("a"));
        await log.AppendAsync(TestLog.Event("a", ("outcome", "\"failure\"")));
        await log.AppendAsync("{}");

        // An answer is kept for a moment: what another test asked for just now may be it.
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string metrics;
        do
        {
            metrics = (await server.GetAsync("metrics")).Text;
            Assert.False(timeout.IsCancellationRequested, metrics);
        }
        while (!metrics.Contains($"log=\"{log.Name}\"", StringComparison.Ordinal));

        foreach (string metric in (string[])["indelible_append_events", "indelible_append_repeats", "indelible_append_conflicts", "indelible_append_refused", "indelible_log_size"])
        {
            Assert.Matches($"(?m)^{metric}[a-z_]*\\{{[^}}]*log=\"{log.Name}\"[^}}]*\\}} 1( |$)", metrics);
        }

        Assert.Matches("(?m)^indelible_append_duration_seconds_bucket", metrics);
        Assert.Matches("(?m)^indelible_node_healthy(\\{[^}]*\\})? 1", metrics);
        Assert.DoesNotContain(log.WriterKey, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_tells_of_itself_alone_and_goes_on_when_another_of_its_process_ends()
    {
        await using var staying = new TestServer();
        await staying.InitializeAsync();
        TestLog log = await staying.NewLogAsync();
        await log.AppendAsync(TestLog.Event("a"));
        string whileBoth;
        TestLog foreign;
        await using (var leaving = new TestServer())
        {
            await leaving.InitializeAsync();
            foreign = await leaving.NewLogAsync();
            await foreign.AppendAsync(TestLog.Event("a"));
            whileBoth = (await staying.GetAsync("metrics")).Text;
        }

        Assert.Contains($"log=\"{log.Name}\"", whileBoth, StringComparison.Ordinal);
        Assert.DoesNotContain($"log=\"{foreign.Name}\"", whileBoth, StringComparison.Ordinal);

        // What has ended is told of once more, then taken out; and an answer is given again for a moment.
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var different = new HashSet<string>(StringComparer.Ordinal) { whileBoth };
        while (different.Count < 4)
        {
            string metrics = (await staying.GetAsync("metrics")).Text;
            Assert.Matches($"(?m)^indelible_append_events[a-z_]*\\{{[^}}]*log=\"{log.Name}\"[^}}]*\\}} 1( |$)", metrics);
            different.Add(metrics);
            Assert.False(timeout.IsCancellationRequested);
        }
    }

    [Theory]
    [InlineData("Forwarded: for=203.0.113.9")]
    [InlineData("X-Forwarded-For: 203.0.113.9")]
    [InlineData("Via: 1.1 proxy")]
    public async Task Metrics_that_a_proxy_asks_for_need_the_right_to_inspect_the_node(string passedOn)
    {
        (string name, string value) = (passedOn.Split(": ")[0], passedOn.Split(": ")[1]);
        TestLog log = await server.NewLogAsync();
        Answer inspecting = await server.PostAsync("api/keys", server.AdminKey, """{"role":"auditor","logs":["*"],"scopes":["inspect"]}""");
        Answer ofOneLog = await server.PostAsync("api/keys", server.AdminKey, $$"""{"role":"auditor","logs":["{{log.Name}}"],"scopes":["inspect"]}""");

        (await AskAsync(null)).ShouldBeProblem(401, "unauthenticated");
        (await AskAsync(log.ReaderKey)).ShouldBeProblem(403, "forbidden");
        (await AskAsync(KeyOf(ofOneLog))).ShouldBeProblem(403, "forbidden");
        Assert.Equal(200, (await AskAsync(KeyOf(inspecting))).Status);
        Assert.Equal(200, (await AskAsync(server.AdminKey)).Status);

        Task<Answer> AskAsync(string? key) => server.SendAsync(HttpMethod.Get, "metrics", key, change: request => request.Headers.TryAddWithoutValidation(name, value));

        static string KeyOf(Answer made) => made.Json.GetProperty("key").GetString()!;
    }

    [Fact]
    public async Task Metrics_that_another_machine_asks_for_need_the_right_to_inspect_the_node()
    {
        IPAddress? own = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses.Select(each => each.Address))
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        Assert.SkipWhen(own is null, "This machine has no address but its own loopback.");
        ServerOptions options = ServerOptions.Read(
            null, new Dictionary<string, string?> { ["urls"] = $"http://{own}:0", ["insecure_http"] = "true", ["log_level"] = "None" }, out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        await using WebApplication reached = IndelibleServer.Build(server.Engine, options);
        await reached.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(reached.Urls.Single()) };

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("metrics", TestContext.Current.CancellationToken)).StatusCode);
        http.DefaultRequestHeaders.Add("Authorization", "Bearer " + server.AdminKey);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("metrics", TestContext.Current.CancellationToken)).StatusCode);
        await reached.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("", "text/html")]
    [InlineData("app.js", "text/javascript")]
    [InlineData("app.css", "text/css")]
    [InlineData("healthz", "text/plain")]
    [InlineData("logs/main/checkpoint", "text/plain")]
    public async Task Texts_say_their_characters(string path, string type)
    {
        Answer answer = await server.GetAsync(path, path.StartsWith("logs", StringComparison.Ordinal) ? (await server.NewKeyAsync("reader", "main")).Text : null);

        Assert.Equal((type, "utf-8"), (answer.ContentHeaders.ContentType?.MediaType, answer.ContentHeaders.ContentType?.CharSet));
    }

    [Theory]
    [InlineData("api/logs/LOG/events?q=actor:a&q=actor:b")]
    [InlineData("api/logs/LOG/events?q=actor:a&Q=actor:b")]
    [InlineData("api/logs/LOG/events?limit=1&limit=1")]
    [InlineData("api/logs/LOG/counts?by=action&by=outcome")]
    [InlineData("api/logs/LOG/consistency?from=1&from=0")]
    [InlineData("nosuch?a=1&a=2")]
    public async Task A_parameter_that_is_there_twice_is_refused(string path)
    {
        TestLog log = await server.NewLogAsync();
        await log.FillAsync(1);

        (await server.GetAsync(path.Replace("LOG", log.Name, StringComparison.Ordinal), log.ReaderKey)).ShouldBeProblem(400, "invalid-parameter");
    }

    [Fact]
    public async Task A_variable_of_the_machine_makes_no_development_server_of_it()
    {
        const string Variable = "ASPNETCORE_ENVIRONMENT";
        string? before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, "Development");
        try
        {
            ServerOptions options = ServerOptions.Read(null, new Dictionary<string, string?> { ["log_level"] = "None" }, out _);
            await using WebApplication app = IndelibleServer.Build(server.Engine, options);

            Assert.True(app.Environment.IsProduction());
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }

    [Theory]
    [InlineData("/api/logs", "get", "post")]
    [InlineData("/api/keys", "get", "post")]
    [InlineData("/api/keys/{id}", "delete")]
    [InlineData("/api/logs/{log}/events", "get", "post")]
    [InlineData("/api/logs/{log}/events/{index}", "get")]
    [InlineData("/api/logs/{log}/events/{index}/proof", "get")]
    [InlineData("/api/logs/{log}/events/{index}/context", "get")]
    [InlineData("/api/logs/{log}/entities/{kind}/{id}", "get")]
    [InlineData("/api/logs/{log}/search", "post")]
    [InlineData("/api/logs/{log}/consistency", "get")]
    [InlineData("/api/logs/{log}/tail", "get")]
    [InlineData("/logs/{log}/checkpoint", "get")]
    [InlineData("/logs/{log}/tile/{path}", "get")]
    [InlineData("/healthz", "get")]
    [InlineData("/readyz", "get")]
    public async Task OpenAPI_names_the_route(string path, params string[] methods)
    {
        JsonElement document = (await server.GetAsync("openapi/v1.json")).Json;

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(methods, document.GetProperty("paths").GetProperty(path).EnumerateObject().Select(method => method.Name).Order());
    }
}
