using System.Buffers;
using System.Text.Json;
using Indelible.Engine.Sequencing;
using Indelible.Engine.Storage;
using Indelible.Server.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Indelible.Server.Tests.Problems;

public sealed class ProblemMiddlewareTests
{
    public static TheoryData<Exception, int, string, string?> Failures { get; } = new()
    {
        { new NotWrittenException(new IOException("no room at /srv/secret")), 503, "not-written", "10" },
        { new StorageException("no room at /srv/secret", StorageOutcome.NothingChanged), 503, "not-written", "10" },
        { new StorageException("fsync failed at /srv/secret", StorageOutcome.Unknown), 503, "outcome-unknown", null },
        { new StorageException("altered at /srv/secret", StorageOutcome.Damaged), 500, "damaged", null },
        { new QueueFullException(), 429, "queue-full", "1" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failure_of_storage_says_whether_and_when_to_send_again(Exception failure, int status, string name, string? retryAfter)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;

        await new ProblemMiddleware(_ => throw failure, (_, _) => { }, NullLogger<ProblemMiddleware>.Instance).InvokeAsync(context);

        Assert.Equal(status, context.Response.StatusCode);
        Assert.Equal(retryAfter, context.Response.Headers.RetryAfter.FirstOrDefault());
        using var problem = JsonDocument.Parse(body.ToArray());
        Assert.Equal("urn:indelible:" + name, problem.RootElement.GetProperty("type").GetString());
        Assert.DoesNotContain("secret", problem.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_an_answer_sends_nothing_of_the_answer_and_no_problem_behind_it()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using WebApplication app = builder.Build();
        app.UseMiddleware<ProblemMiddleware>((Action<HttpContext, Problem>)((_, _) => { }));
        app.MapGet("/", (HttpContext context) =>
        {
            context.Response.ContentType = "application/json";
            context.Response.BodyWriter.Write("{\"half\":"u8);
            throw new InvalidOperationException("the other half");
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };

        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/", TestContext.Current.CancellationToken));
    }
}
