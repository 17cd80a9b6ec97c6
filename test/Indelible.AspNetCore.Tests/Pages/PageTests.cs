using System.Net;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore.Tests.Pages;

/// <summary>Razor pages: the model's attribute, and its handlers'.</summary>
public sealed class PageTests
{
    [Fact]
    public async Task A_page_is_recorded_by_its_model_s_attribute_and_its_handlers_by_their_own()
    {
        await using TestApp app = await StartAsync();
        Assert.Contains("chart c-1", await app.Http.GetStringAsync("/chart/c-1"), StringComparison.Ordinal);
        Assert.Equal("signed c-2", await (await app.Http.PostAsync("/chart/c-2?handler=sign", null)).Content.ReadAsStringAsync());

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal([("chart.read", "chart", "c-1"), ("chart.sign", "chart", "c-2")], drafts.Select(draft => (draft.Action, draft.Targets[0].Type, draft.Targets[0].Id)));
        Assert.Equal("/chart/{id}", drafts[0].Request!.Route);
    }

    [Fact]
    public async Task A_page_handler_that_asks_for_the_guarantee_gets_it()
    {
        await using TestApp app = await StartAsync();
        Assert.Equal("deleted c-1", await (await app.Http.PostAsync("/chart/c-1?handler=delete", null)).Content.ReadAsStringAsync());
        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal([EventKind.Intent, EventKind.Outcome], drafts.Select(draft => draft.Kind!.Value));

        app.Recorder.Before = (_, mode, _) => mode == DeliveryMode.Guaranteed ? throw new AuditNotRecordedException("e", false, "down") : Task.CompletedTask;
        using HttpResponseMessage refused = await app.Http.PostAsync("/chart/c-2?handler=delete", null);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType!.MediaType));
    }

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(
        map => map.MapRazorPages(),
        builder => builder.Services.AddRazorPages(options => options.RootDirectory = "/Pages").AddApplicationPart(typeof(ChartModel).Assembly));
}
