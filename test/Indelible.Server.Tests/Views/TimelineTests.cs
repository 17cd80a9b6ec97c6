using System.Text.Json;
using Indelible.Server.Tests.Api;
using Xunit;

namespace Indelible.Server.Tests.Views;

/// <summary>What a view says of how it was made.</summary>
public sealed class TimelineTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("entities/actor/u-1")]
    [InlineData("events/0/context")]
    public async Task A_view_that_takes_too_long_ends_and_says_what_is_left_out(string view)
    {
        TestLog log = await server.NewLogAsync();
        await log.AppendAsync($"[{TestLog.Event("a")},{TestLog.Event("b")}]");
        JsonElement whole = (await log.GetAsync(view)).Json;
        Assert.DoesNotContain(Notices(whole), IsCut);

        server.Clock.StepEachTime(ServerLimits.ViewTime);
        Answer answer = await log.GetAsync(view);
        server.Clock.StepEachTime(TimeSpan.Zero);

        Assert.Equal(200, answer.Status);
        Assert.Contains(Notices(answer.Json), IsCut);
        JsonElement total = view.StartsWith("entities", StringComparison.Ordinal) ? answer.Json.GetProperty("total") : answer.Json.GetProperty("groups")[0].GetProperty("total");
        Assert.False(total.GetProperty("exact").GetBoolean());

        static bool IsCut(string notice) => notice.StartsWith("It took longer than 10 s", StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Notices(JsonElement view) => [.. view.GetProperty("notices").EnumerateArray().Select(notice => notice.GetString()!)];
}
