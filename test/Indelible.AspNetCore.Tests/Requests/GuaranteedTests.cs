using System.Net;
using System.Text.Json;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Builder;

namespace Indelible.AspNetCore.Tests.Requests;

/// <summary>What may be done only when it is recorded first.</summary>
public sealed class GuaranteedTests
{
    [Fact]
    public async Task The_intent_is_recorded_before_the_handler_runs_and_the_outcome_relates_to_it()
    {
        int keptBefore = -1;
        KeptRecorder? recorder = null;
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/refunds/{id}", [Audit("invoice.refund", Target = "invoice", Mode = DeliveryMode.Guaranteed)] () => keptBefore = recorder!.Drafts.Count).RequireAuthorization(),
            HeaderAuthentication.Add);
        recorder = app.Recorder;
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1");
        Assert.Equal(HttpStatusCode.OK, (await app.Http.PostAsync("/refunds/in-1", null)).StatusCode);

        await app.Recorder.WaitAsync(2);
        (EventDraft intent, DeliveryMode? intentMode) = app.Recorder.Kept[0];
        (EventDraft outcome, DeliveryMode? outcomeMode) = app.Recorder.Kept[1];
        Assert.Equal(1, keptBefore);
        Assert.Equal((EventKind.Intent, Outcome.Unknown, DeliveryMode.Guaranteed), (intent.Kind, intent.Outcome, intentMode));
        Assert.Equal(("u-1", "in-1", DecisionEffect.Allow), (intent.Actor!.Id, intent.Targets[0].Id, intent.Decision!.Effect));
        Assert.Equal((EventKind.Outcome, Outcome.Success, intent.Id, DeliveryMode.Durable), (outcome.Kind, outcome.Outcome, outcome.RelatesTo, outcomeMode));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_the_receipt_the_request_is_refused_with_503_and_nothing_is_done(bool hangs)
    {
        bool done = false;
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/refunds", () => done = true).WithAudit("invoice.refund", audit => audit.Mode = DeliveryMode.Guaranteed),
            audit: options => options.IntentBudget = TimeSpan.FromMilliseconds(50));
        app.Recorder.Before = (draft, mode, _) => mode != DeliveryMode.Guaranteed ? Task.CompletedTask
            : hangs ? new TaskCompletionSource().Task
            : throw new AuditNotRecordedException("e", false, "the log is down");
        using HttpResponseMessage response = await app.Http.PostAsync("/refunds", null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using JsonDocument problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("urn:indelible:audit-unavailable", problem.RootElement.GetProperty("type").GetString());
        Assert.False(done);
        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal((Outcome.Failure, "503", "the intent could not be recorded"), (draft.Outcome, draft.OutcomeCode, draft.OutcomeReason));
    }

    [Fact]
    public async Task A_denied_request_needs_no_intent()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/refunds", [Audit("invoice.refund", Mode = DeliveryMode.Guaranteed)] () => "").RequireAuthorization(),
            HeaderAuthentication.Add);
        app.Recorder.Before = (_, mode, _) => mode == DeliveryMode.Guaranteed ? throw new AuditNotRecordedException("e", false, "down") : Task.CompletedTask;
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Http.PostAsync("/refunds", null)).StatusCode);
        Assert.Equal("401", Assert.Single(await app.Recorder.WaitAsync(1)).OutcomeCode);
    }

    [Fact]
    public async Task The_outcome_of_a_handler_that_throws_is_a_failure_of_the_same_intent()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/refunds", [Audit("invoice.refund", Mode = DeliveryMode.Guaranteed)] string () => throw new TimeoutException()));
        Assert.Equal(HttpStatusCode.InternalServerError, (await app.Http.PostAsync("/refunds", null)).StatusCode);
        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal((drafts[0].Id, Outcome.Failure, "System.TimeoutException"), (drafts[1].RelatesTo, drafts[1].Outcome, drafts[1].OutcomeReason));
    }

    [Fact]
    public async Task A_route_rule_can_ask_for_the_guarantee_and_reads_that_it_leaves_out_need_none()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapMethods("/patients/{id}", ["GET", "DELETE"], () => "gone"),
            audit: options => options.Routes.Add(new AuditRoute { Pattern = "/patients/**", Action = "patient_record.delete", Mode = DeliveryMode.Guaranteed }));
        await app.Http.GetAsync("/patients/p-1");
        await app.Http.DeleteAsync("/patients/p-1");
        Assert.Equal([EventKind.Intent, EventKind.Outcome], (await app.Recorder.WaitAsync(2)).Select(draft => draft.Kind!.Value));
    }
}
