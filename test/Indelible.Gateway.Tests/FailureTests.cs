using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Indelible.BlackBox.Tests;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Indelible.Gateway.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Indelible.Gateway.Tests;

/// <summary>While the log is away: what must be recorded first is refused, everything else passes and is recorded later.</summary>
public sealed class FailureTests
{
    private static readonly AccessRule s_refunds = new() { Name = "refunds", Path = "/invoices/{id}/refund", Methods = ["POST"], Record = RuleRecording.First, Action = "invoice.refund" };

    [Theory]
    [InlineData("fails")]
    [InlineData("hangs")]
    public async Task A_request_that_must_be_recorded_first_does_not_reach_the_application_without(string log)
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { Rules = [s_refunds], IntentBudgetMs = 200 });
        gateway.Recorder.Before = (_, mode, cancel) => mode != DeliveryMode.Guaranteed ? Task.CompletedTask : log == "fails" ? Task.FromException(new IOException("away")) : Task.Delay(Timeout.Infinite, cancel);
        using HttpResponseMessage refused = await gateway.Http.PostAsync("/invoices/i-7/refund", new StringContent("x"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("urn:indelible:audit-unavailable", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Empty(gateway.Reached);
        using HttpResponseMessage passed = await gateway.Http.PostAsync("/invoices", new StringContent("x"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, passed.StatusCode);
        Assert.Equal(["/invoices"], gateway.Reached);
    }

    [Fact]
    public async Task An_intent_comes_before_the_application_and_an_outcome_after()
    {
        await using TestGateway gateway = await TestGateway.StartAsync(settings => settings with { Rules = [s_refunds] });
        using HttpResponseMessage passed = await gateway.Http.PostAsync("/invoices/i-7/refund", new StringContent("x"), TestContext.Current.CancellationToken);
        IReadOnlyList<EventDraft> drafts = await gateway.Recorder.WaitAsync(2);
        Assert.Equal([EventKind.Intent, EventKind.Outcome], drafts.Select(draft => draft.Kind!.Value));
        Assert.All(drafts, draft => Assert.Equal("invoice.refund", draft.Action));
        Assert.NotNull(drafts[1].RelatesTo);
    }

    [Fact]
    public async Task One_command_stands_before_an_application_and_loses_nothing_while_the_log_is_down()
    {
        await using ServerProcess server = await ServerProcess.CreateAsync();
        await using WebApplication application = Application();
        await application.StartAsync(TestContext.Current.CancellationToken);
        string config = Path.Combine(server.Folder, "gateway.json");
        await File.WriteAllTextAsync(config, """{"rules":[{"name":"refunds","path":"/refunds/**","record":"first","action":"invoice.refund"},{"name":"no secrets","path":"/secrets/**","effect":"deny"}]}""", TestContext.Current.CancellationToken);
        string listen = $"http://127.0.0.1:{Command.FreePort()}";
        using Process gateway = Command.Start(
            Command.Metadata("Command"),
            ["gateway", "--to", application.Urls.Single(), "--listen", listen, "--url", server.Url, "--config", config, "--spool", Path.Combine(server.Folder, "spool"), "--log-level", "None"],
            environment: [("INDELIBLE_KEY", server.WriterKey), ("INDELIBLE_VKEY", server.Vkey), ("INDELIBLE_RECEIPTS_VKEY", server.ReceiptsVkey)]);
        try
        {
            Assert.StartsWith("Indelible stands before", await gateway.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? await gateway.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            using var http = new HttpClient { BaseAddress = new Uri(listen), Timeout = TimeSpan.FromMinutes(1) };
            Assert.Equal(200, await PostAsync(http, "/orders"));
            Assert.Equal(200, await PostAsync(http, "/refunds/1"));
            Assert.Equal(403, await PostAsync(http, "/secrets/1"));

            await server.KillAsync();
            Assert.Equal(200, await PostAsync(http, "/orders"));
            Assert.Equal(503, await PostAsync(http, "/refunds/2"));
            Assert.Equal(403, await PostAsync(http, "/secrets/2"));
            await server.StartAsync();
            while (await PostAsync(http, "/refunds/3") != 200)
            {
                await Task.Yield();
            }

            using HttpClient reader = server.Client(server.ReaderKey);
            string[] expected = ["http.post default success", "http.post default success", "http.post no secrets failure", "http.post no secrets failure", "invoice.refund refunds success", "invoice.refund refunds success"];
            string[] recorded;
            do
            {
                await Task.Yield();
                using JsonDocument page = JsonDocument.Parse(await reader.GetStringAsync("/api/logs/main/events?order=asc&limit=1000", TestContext.Current.CancellationToken));
                recorded =
                [
                    .. page.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("entry"))
                        .Where(entry => entry.TryGetProperty("request", out JsonElement request) && request.TryGetProperty("status", out JsonElement status) && status.GetInt32() != 503)
                        .Select(entry => $"{entry.GetProperty("action").GetString()} {entry.GetProperty("decision").GetProperty("rule").GetString()} {entry.GetProperty("outcome").GetString()}").Order(StringComparer.Ordinal),
                ];
            }
            while (recorded.Length < expected.Length);
            Assert.Equal(expected, recorded);
        }
        finally
        {
            gateway.Kill();
            await gateway.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("to:", "gateway", "--key", "k")]
    [InlineData("writer's key", "gateway", "--to", "http://127.0.0.1:5000")]
    [InlineData("--receipts-vkey", "gateway", "--to", "http://127.0.0.1:5000", "--key", "k", "--vkey", "v")]
    [InlineData("no-such-file", "gateway", "--to", "http://127.0.0.1:5000", "--key", "k", "--config", "no-such-file")]
    public async Task A_mistake_is_named_and_nothing_started(string named, params string[] arguments) =>
        Assert.Contains(named, (await Command.RunAsync(arguments)).ShouldEnd(2).Errors, StringComparison.Ordinal);

    private static WebApplication Application()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication application = builder.Build();
        application.MapFallback(context => context.Response.WriteAsync("done"));
        return application;
    }

    private static async Task<int> PostAsync(HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.PostAsync(path, new StringContent("x"), TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
