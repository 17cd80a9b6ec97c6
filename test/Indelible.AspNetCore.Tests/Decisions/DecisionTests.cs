using System.Net;
using System.Security.Claims;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Indelible.AspNetCore.Tests.Decisions;

/// <summary>By which policy it was allowed or denied, and what was not met.</summary>
public sealed class DecisionTests
{
    [Fact]
    public async Task A_denial_names_the_policy_the_requirement_and_the_reason_that_the_handler_gave()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/patients/{id}", () => "").RequireAuthorization("CareTeamOnly"),
            Build);
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1;nurse");
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Http.GetAsync("/patients/p-1")).StatusCode);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal(new Decision { Effect = DecisionEffect.Deny, Policy = "CareTeamOnly", Rule = "SameWard", Reason = "another ward" }, draft.Decision);
        Assert.Equal((Outcome.Failure, Category.Authorization, "p-1", "u-1"), (draft.Outcome, draft.Category, draft.Targets[0].Id, draft.Actor!.Id));
    }

    [Fact]
    public async Task An_allowed_request_that_is_recorded_names_the_policy_as_well()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/patients/{id}", () => "").RequireAuthorization("CareTeamOnly"),
            Build);
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1;nurse;ward=7");
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync("/patients/p-1")).StatusCode);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal((DecisionEffect.Allow, "CareTeamOnly", Outcome.Success), (draft.Decision!.Effect, draft.Decision.Policy, draft.Outcome));
    }

    [Fact]
    public async Task A_decision_that_a_handler_asks_for_is_part_of_its_request_s_event()
    {
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapGet("/patients/{id}", async (string id, ClaimsPrincipal user, IAuthorizationService service) =>
                    (await service.AuthorizeAsync(user, id, "CareTeamOnly")).Succeeded ? Results.Ok() : Results.StatusCode(403));
                map.MapPost("/menu", async (ClaimsPrincipal user, IAuthorizationService service) => (await service.AuthorizeAsync(user, null, "CareTeamOnly")).Succeeded ? "all" : "some");
            },
            Build);
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1;nurse");
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Http.GetAsync("/patients/p-1")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Http.PostAsync("/menu", null)).StatusCode);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal((DecisionEffect.Deny, "CareTeamOnly", "SameWard"), (drafts[0].Decision!.Effect, drafts[0].Decision!.Policy, drafts[0].Decision!.Rule));
        Assert.Equal((Outcome.Success, null), (drafts[1].Outcome, drafts[1].Decision));
        Assert.Equal("""[{"policy":"CareTeamOnly","effect":"deny","requirements":"SameWard"}]""", drafts[1].Data["authorization"].GetRawText());
    }

    [Fact]
    public async Task A_fallback_policy_protects_and_so_records_what_says_nothing_itself()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/quiet", () => ""),
            builder =>
            {
                Build(builder);
                builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
            });
        await app.Http.GetAsync("/quiet");
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1");
        await app.Http.GetAsync("/quiet");

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal([DecisionEffect.Challenge, DecisionEffect.Allow], drafts.Select(draft => draft.Decision!.Effect!.Value));
        Assert.All(drafts, draft => Assert.Equal("authenticated", draft.Decision!.Policy));
    }

    [Fact]
    public async Task A_result_handler_of_the_application_s_own_still_answers()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/patients/{id}", () => "").RequireAuthorization("CareTeamOnly"),
            builder =>
            {
                Build(builder);
                builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, NotFoundInstead>();
            });
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1");
        Assert.Equal(HttpStatusCode.NotFound, (await app.Http.GetAsync("/patients/p-1")).StatusCode);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal(("404", DecisionEffect.Deny, Outcome.Failure), (draft.OutcomeCode, draft.Decision!.Effect, draft.Outcome));
    }

    [Fact]
    public async Task Services_registered_over_ours_are_named_at_the_start()
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        using var logs = new KeptLogs();
        builder.Logging.ClearProviders().AddProvider(logs);
        builder.Services.AddSingleton<IAuditRecorder>(new KeptRecorder());
        builder.Services.AddAuthorization();
        builder.Services.AddIndelibleAudit();
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, NotFoundInstead>();
        await using WebApplication app = builder.Build();
        app.UseIndelibleAudit();
        Assert.Contains(logs.Lines, line => line.Id == 5107 && line.Text.Contains("IAuthorizationMiddlewareResultHandler", StringComparison.Ordinal));
    }

    private static void Build(WebApplicationBuilder builder)
    {
        HeaderAuthentication.Add(builder);
        builder.Services.AddAuthorizationBuilder().AddPolicy("CareTeamOnly", policy => policy.RequireRole("nurse").AddRequirements(new SameWardRequirement()));
        builder.Services.AddSingleton<IAuthorizationHandler, SameWardHandler>();
    }

    private sealed class SameWardRequirement : IAuthorizationRequirement;

    private sealed class SameWardHandler : AuthorizationHandler<SameWardRequirement>
    {
        protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, SameWardRequirement requirement)
        {
            if (context.User.HasClaim("ward", "7"))
            {
                context.Succeed(requirement);
            }
            else
            {
                context.Fail(new AuthorizationFailureReason(this, "another ward"));
            }

            return Task.CompletedTask;
        }
    }

    private sealed class NotFoundInstead : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
        {
            context.Response.StatusCode = 404;
            return Task.CompletedTask;
        }
    }
}
