using System.Net;
using System.Text;
using System.Text.Json;
using Indelible.AspNetCore.Tests.Support;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore.Tests.Requests;

/// <summary>Which requests are recorded, and what of them.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task An_attribute_names_the_action_and_the_event_tells_who_what_where_and_how_it_ended()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/invoices/{id}/refund", [Audit("invoice.refund.approve", Target = "invoice", Classification = Classification.Confidential)] () => Results.Json(new { ok = true })).RequireAuthorization(),
            HeaderAuthentication.Add);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/invoices/in-7/refund?token=hush") { Content = new StringContent("""{"amount":12}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("X-User", "u-1;clerk,admin");
        request.Headers.Add("User-Agent", "tests/1");
        request.Headers.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        using HttpResponseMessage response = await app.Http.SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal("invoice.refund.approve", draft.Action);
        Assert.Equal(Operation.Approve, draft.Operation);
        Assert.Equal(Outcome.Success, draft.Outcome);
        Assert.Equal("200", draft.OutcomeCode);
        Assert.Equal(("u-1", ActorType.User, true), (draft.Actor!.Id, draft.Actor.Type, draft.Actor.Privileged));
        Assert.Equal(["clerk", "admin"], draft.Actor.Roles);
        Assert.Equal("s-u-1", draft.Authentication!.SessionId);
        Target target = Assert.Single(draft.Targets);
        Assert.Equal(("invoice", "in-7", Classification.Confidential), (target.Type, target.Id, target.Classification));
        Assert.Equal(("127.0.0.1", "tests/1"), (draft.Source!.Ip, draft.Source.UserAgent));
        Assert.Equal("4bf92f3577b34da6a3ce929d0e0e4736", draft.Trace!.TraceId);
        Assert.Equal(DecisionEffect.Allow, draft.Decision!.Effect);
        Request facts = draft.Request!;
        Assert.Equal(("POST", "/invoices/{id}/refund", null, "http/1.1", 200L), (facts.Method, facts.Route, facts.Path, facts.Protocol, facts.Status));
        Assert.Equal(13, facts.BytesIn);
        Assert.Equal(body.Length, facts.BytesOut);
        Assert.NotNull(facts.DurationMs);
        Assert.Empty(draft.Data);
    }

    [Fact]
    public async Task Without_any_configuration_protected_requests_and_changes_are_recorded_and_public_reads_are_not()
    {
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapGet("/", () => "welcome");
                map.MapGet("/patients/{id}/notes/{note}", (string id) => id).RequireAuthorization();
                map.MapPost("/feedback", () => "thanks");
            },
            HeaderAuthentication.Add);
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1");
        await app.Http.GetStringAsync("/");
        await app.Http.GetStringAsync("/patients/p-1/notes/n-2");
        await app.Http.PostAsync("/feedback", null);

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal(["http.get", "http.post"], drafts.Select(draft => draft.Action));
        Assert.Equal([("patients", "p-1"), ("notes", "n-2")], drafts[0].Targets.Select(target => (target.Type, target.Id)));
        Assert.Equal((Category.DataAccess, Operation.Read), (drafts[0].Category, drafts[0].Operation));
        Assert.Equal((Category.DataChange, Operation.Create), (drafts[1].Category, drafts[1].Operation));
    }

    [Fact]
    public async Task Denials_and_failures_are_recorded_on_routes_without_a_policy_even_where_the_audit_is_turned_off()
    {
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapGet("/boom", string () => throw new InvalidOperationException("password=hunter2")).WithoutAudit();
                map.MapGet("/broken", () => Results.StatusCode(502)).WithoutAudit();
                map.MapGet("/no", () => Results.StatusCode(403)).WithoutAudit();
                map.MapGet("/fine", () => "fine").WithoutAudit().RequireAuthorization();
            },
            HeaderAuthentication.Add,
            options => options.Scope = AuditScope.Named);
        foreach ((string path, HttpStatusCode status) in new[] { ("/boom", HttpStatusCode.InternalServerError), ("/broken", HttpStatusCode.BadGateway), ("/no", HttpStatusCode.Forbidden), ("/fine", HttpStatusCode.Unauthorized) })
        {
            Assert.Equal(status, (await app.Http.GetAsync(path)).StatusCode);
        }

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(4);
        Assert.All(drafts, draft => Assert.Equal(Outcome.Failure, draft.Outcome));
        Assert.Equal(["500", "502", "403", "401"], drafts.Select(draft => draft.OutcomeCode));
        Assert.Equal("System.InvalidOperationException", drafts[0].OutcomeReason);
        Assert.DoesNotContain("hunter2", drafts[0].ToString(), StringComparison.Ordinal);
        Assert.Equal((DecisionEffect.Deny, Category.Authorization), (drafts[2].Decision!.Effect, drafts[2].Category));
        Assert.Equal((DecisionEffect.Challenge, "authenticated"), (drafts[3].Decision!.Effect, drafts[3].Decision!.Policy));
    }

    [Fact]
    public async Task Health_checks_and_static_files_are_noise_and_an_unhealthy_answer_is_no_failure()
    {
        bool healthy = true;
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapHealthChecks("/healthz");
                map.MapGet("/ping", () => "pong");
                map.MapPost("/last", () => "last");
            },
            builder => builder.Services.AddHealthChecks().AddCheck("one", () => healthy
                ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Healthy()
                : Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Unhealthy()),
            options =>
            {
                options.Scope = AuditScope.Everything;
                options.Quiet.Add("/ping");
            });
        await app.Http.GetAsync("/healthz");
        healthy = false;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await app.Http.GetAsync("/healthz")).StatusCode);
        await app.Http.GetAsync("/ping");
        await app.Http.PostAsync("/last", null);

        Assert.Equal("/last", Assert.Single(await app.Recorder.WaitAsync(1)).Request!.Route);
    }

    [Fact]
    public async Task A_route_rule_records_changes_by_itself_and_reads_where_the_target_is_classified()
    {
        await using TestApp app = await TestApp.StartAsync(
            map =>
            {
                map.MapMethods("/api/orders/{id}", ["GET", "PUT"], () => "order");
                map.MapGet("/api/patients/{id}", () => "patient");
                map.MapPost("/other", () => "other");
            },
            audit: options =>
            {
                options.Scope = AuditScope.Named;
                options.Routes.Add(new AuditRoute { Pattern = "/api/patients/*", Action = "patient_record.read", Target = "patient_record", Classification = Classification.Phi, DataSubject = "id" });
                options.Routes.Add(new AuditRoute { Pattern = "/api/**" });
            });
        await app.Http.GetAsync("/api/orders/1");
        await app.Http.PostAsync("/other", null);
        await app.Http.PutAsync("/api/orders/1", null);
        await app.Http.GetAsync("/api/patients/p-9");

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal(["http.put", "patient_record.read"], drafts.Select(draft => draft.Action));
        Assert.Equal((Category.DataAccess, Operation.Read), (drafts[1].Category, drafts[1].Operation));
        Assert.Equal("p-9", Assert.Single(drafts[1].DataSubjects));
    }

    [Fact]
    public async Task What_is_said_nearer_to_the_handler_counts_more()
    {
        await using TestApp app = await TestApp.StartAsync(map =>
        {
            RouteGroupBuilder outer = map.MapGroup("/a").WithAudit("outer", audit => audit.Target = "thing");
            RouteGroupBuilder inner = outer.MapGroup("/b").WithAudit("inner");
            outer.MapGet("/1/{id}", () => "");
            inner.MapGet("/2/{id}", () => "");
            inner.MapGet("/3/{id}", [Audit("by.attribute")] () => "");
            inner.MapGet("/4/{id}", [Audit("by.attribute")] () => "").WithAudit("by.endpoint");
        });
        foreach (string path in new[] { "/a/1/x", "/a/b/2/x", "/a/b/3/x", "/a/b/4/x" })
        {
            await app.Http.GetAsync(path);
        }

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(4);
        Assert.Equal(["outer", "inner", "by.attribute", "by.endpoint"], drafts.Select(draft => draft.Action));
        Assert.All(drafts, draft => Assert.Equal(("thing", "x"), (draft.Targets[0].Type, draft.Targets[0].Id)));
    }

    [Fact]
    public async Task A_controller_s_actions_are_recorded_by_their_attributes()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapControllers(),
            builder => builder.Services.AddControllers().AddApplicationPart(typeof(LedgerController).Assembly));
        await app.Http.GetAsync("/ledger/l-1");
        await app.Http.DeleteAsync("/ledger/l-2");

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal([("ledger.read", "ledger", "l-1"), ("ledger.entry.delete", "ledger", "l-2")], drafts.Select(draft => (draft.Action, draft.Targets[0].Type, draft.Targets[0].Id)));
        Assert.Equal("/ledger/{id}", drafts[0].Request!.Route);
    }

    [Fact]
    public async Task A_handler_adds_to_the_event_of_its_request_what_only_it_knows()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapGet("/search", (HttpContext context) =>
        {
            context.AmendAudit(draft => draft.On(new Target { Type = "patient_record", Id = "many", Count = 3 }).Because("ward round") with { Action = "patient_record.search" });
            context.AmendAudit(draft => draft.About("subj-1"));
            return "three";
        }));
        await app.Http.GetAsync("/search");

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal(("patient_record.search", 3L, "ward round", "subj-1"), (draft.Action, draft.Targets[0].Count, draft.Reason!.Text, draft.DataSubjects[0]));
    }

    [Fact]
    public async Task An_event_of_the_application_s_own_gets_actor_source_and_request_of_the_request_at_hand()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapGet("/own", async (IAuditRecorder audit, IEnumerable<IAuditEnricher> enrichers) =>
            {
                EventDraft draft = enrichers.Aggregate(EventDraft.Of("invoice.sent"), (draft, enricher) => enricher.Enrich(draft));
                await audit.RecordAsync(draft);
                return "";
            }),
            HeaderAuthentication.Add);
        app.Http.DefaultRequestHeaders.Add("X-User", "u-1");
        await app.Http.GetAsync("/own");

        EventDraft draft = await app.Recorder.WaitAsync("invoice.sent");
        Assert.Equal(("u-1", "127.0.0.1", "/own"), (draft.Actor!.Id, draft.Source!.Ip, draft.Request!.Route));
        Assert.NotNull(draft.Trace!.TraceId);
    }

    [Fact]
    public async Task A_request_that_the_client_gave_up_ends_as_unknown()
    {
        var started = new TaskCompletionSource();
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/slow", async (HttpContext context) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }));
        using var giveUp = new CancellationTokenSource();
        Task<HttpResponseMessage> sending = app.Http.PostAsync("/slow", null, giveUp.Token);
        await started.Task;
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal((Outcome.Unknown, "499", "cancelled by the client"), (draft.Outcome, draft.OutcomeCode, draft.OutcomeReason));
    }

    [Fact]
    public async Task The_route_is_the_one_that_was_asked_for_though_an_error_page_answers()
    {
        await using TestApp app = await TestApp.StartAsync(map =>
        {
            map.UseExceptionHandler("/error");
            map.UseStatusCodePagesWithReExecute("/status/{0}");
            map.MapGet("/error", () => Results.Text("sorry", statusCode: 500));
            map.MapGet("/status/{code}", (int code) => Results.Text("sorry", statusCode: code));
            map.MapGet("/patients/{id}", string (string id) => throw new TimeoutException(id));
            map.MapGet("/secret/{id}", () => Results.StatusCode(403));
        });
        Assert.Equal("sorry", await (await app.Http.GetAsync("/patients/p-1")).Content.ReadAsStringAsync());
        Assert.Equal("sorry", await (await app.Http.GetAsync("/secret/s-1")).Content.ReadAsStringAsync());

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal(("/patients/{id}", "System.TimeoutException", "500"), (drafts[0].Request!.Route, drafts[0].OutcomeReason, drafts[0].OutcomeCode));
        Assert.Equal(("p-1", "s-1"), (drafts[0].Targets[0].Id, drafts[1].Targets[0].Id));
        Assert.Equal(("/secret/{id}", "403"), (drafts[1].Request!.Route, drafts[1].OutcomeCode));
    }

    [Theory]
    [InlineData("10.1.2.3", null, "127.0.0.1", false)]
    [InlineData("10.1.2.3", "127.0.0.0/8", "10.1.2.3", true)]
    [InlineData("6.6.6.6, 198.51.100.9, 10.0.0.1", "127.0.0.1 10.0.0.0/8", "198.51.100.9", true)]
    [InlineData("[2001:db8::7]:4711", "127.0.0.1", "2001:db8::7", true)]
    [InlineData("nonsense", "127.0.0.1", "127.0.0.1", true)]
    public async Task The_client_s_address_is_taken_from_a_header_of_trusted_proxies_only(string header, string? trusted, string expected, bool chain)
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/", () => ""),
            audit: options => Array.ForEach(trusted?.Split(' ') ?? [], options.TrustedProxies.Add));
        app.Http.DefaultRequestHeaders.Add("X-Forwarded-For", header);
        await app.Http.PostAsync("/", null);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal(expected, draft.Source!.Ip);
        Assert.Equal(chain, draft.Source.ForwardedFor is not null);
    }

    [Fact]
    public async Task Query_headers_and_bodies_are_recorded_by_name_only_and_secrets_never()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/pay", async (HttpContext context) =>
            {
                using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body);
                context.Response.Headers["X-Batch"] = "b-1";
                return Results.Json(new { receipt = "r-1", note = "not allowed", token = "t" });
            }),
            audit: options =>
            {
                options.Query.Add("reason");
                options.Query.Add("api_key");
                options.RequestHeaders.Add("X-Ticket");
                options.RequestHeaders.Add("Authorization");
                options.ResponseHeaders.Add("X-Batch");
                foreach (string name in new[] { "amount", "password", "card", "comment", "address.city", "lines", "big" })
                {
                    options.RequestFields.Add(name);
                }

                options.ResponseFields.Add("receipt");
                options.ResponseFields.Add("token");
            });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/pay?reason=audit&api_key=k-1&hidden=h")
        {
            Content = new StringContent(
                """{"amount":12.5,"password":"hunter2","card":"x","comment":"my card is 4111 1111 1111 1111","other":"no","address":{"city":"Bern","street":"no"},"lines":[{"amount":1}],"big":9007199254740993}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Add("X-Ticket", "T-1");
        request.Headers.Add("Authorization", "Bearer abc");
        await app.Http.SendAsync(request);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal("""{"reason":"audit","api_key":{"$redacted":"secret"}}""", draft.Data["query"].GetRawText());
        Assert.Equal("""{"x-ticket":"T-1","authorization":{"$redacted":"secret"}}""", draft.Data["request_headers"].GetRawText());
        Assert.Equal("""{"x-batch":"b-1"}""", draft.Data["response_headers"].GetRawText());
        Assert.Equal(
            """{"amount":12.5,"password":{"$redacted":"secret"},"card":"x","comment":{"$redacted":"card"},"address.city":"Bern","lines":{"omitted":"array"},"big":"9007199254740993"}""",
            draft.Data["request_body"].GetRawText());
        Assert.Equal("""{"receipt":"r-1","token":{"$redacted":"secret"}}""", draft.Data["response_body"].GetRawText());
    }

    [Fact]
    public async Task Form_fields_are_recorded_by_name_though_the_handler_reads_the_form_itself()
    {
        await using TestApp app = await TestApp.StartAsync(
            map => map.MapPost("/login", async (HttpContext context) =>
            {
                IFormCollection form = await context.Request.ReadFormAsync();
                return form["user"].ToString();
            }),
            audit: options =>
            {
                options.RequestFields.Add("user");
                options.RequestFields.Add("password");
            });
        using HttpResponseMessage response = await app.Http.PostAsync("/login", new FormUrlEncodedContent([new("user", "ada l"), new("password", "hunter2"), new("x", "y")]));
        Assert.Equal("ada l", await response.Content.ReadAsStringAsync());

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal("""{"user":"ada l","password":{"$redacted":"secret"}}""", draft.Data["request_body"].GetRawText());
    }

    [Fact]
    public async Task Impersonation_names_who_acts_and_for_whom()
    {
        await using TestApp app = await TestApp.StartAsync(map => map.MapPost("/", () => "").RequireAuthorization(), HeaderAuthentication.Add);
        app.Http.DefaultRequestHeaders.Add("X-User", """customer;;act={"sub":"helpdesk-7","name":"Help","act":{"client_id":"gateway"}}""");
        await app.Http.PostAsync("/", null);

        EventDraft draft = Assert.Single(await app.Recorder.WaitAsync(1));
        Assert.Equal("helpdesk-7", draft.Actor!.Id);
        Assert.Equal([("customer", ActorType.User), ("gateway", ActorType.Service)], draft.Actor.OnBehalfOf!.Select(one => (one.Id, one.Type!.Value)));
    }

    [Fact]
    public async Task An_application_that_calls_UseRouting_itself_is_recorded_as_well()
    {
        await using TestApp app = await TestApp.StartAsync(map =>
        {
            map.UseRouting();
            map.UseAuthorization();
            map.MapGet("/patients/{id}", () => new { id = 1 }).WithAudit("patient_record.read", audit => audit.Mode = DeliveryMode.Guaranteed);
        });
        await app.Http.GetAsync("/patients/p-1");

        IReadOnlyList<EventDraft> drafts = await app.Recorder.WaitAsync(2);
        Assert.Equal([EventKind.Intent, EventKind.Outcome], drafts.Select(draft => draft.Kind!.Value));
        Assert.Equal(8, drafts[1].Request!.BytesOut);
    }

    [Fact]
    public async Task Wrong_options_are_all_named_at_the_start()
    {
        var fault = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => TestApp.StartAsync(
            _ => { },
            audit: options =>
            {
                options.BodyCap = 1;
                options.TrustedProxies.Add("everybody");
                options.Routes.Add(new AuditRoute { Pattern = "/x", Action = "Not Good" });
            }));
        Assert.Equal(3, fault.Failures.Count());
    }
}

/// <summary>A controller as an application has it.</summary>
[ApiController]
[Route("ledger")]
[Audit(Target = "ledger")]
public sealed class LedgerController : ControllerBase
{
    [HttpGet("{id}")]
    [Audit("ledger.read")]
    public IActionResult Get(string id) => Ok(id);

    [HttpDelete("{id}")]
    [Audit("ledger.entry.delete")]
    public IActionResult Delete(string id) => NoContent();
}
