using System.Runtime.CompilerServices;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.Requests;

/// <summary>Puts the recording of an intent right before the handlers that ask for it: after authentication and authorisation, wherever the middleware stands.</summary>
/// <remarks>
/// A policy of routing rather than a middleware: a middleware in front does not know the endpoint where the application calls UseRouting itself, and knows neither actor nor decision; one that is
/// always right before the endpoints cannot be had. Endpoints whose requests must be refused without the log are replaced, once each, by the same endpoint with the intent in front.
/// </remarks>
internal sealed partial class IntentPolicy(RequestEvents events, AuditOutbox outbox, IOptions<AuditOptions> options, TimeProvider time, ILogger<IntentPolicy> logger)
    : MatcherPolicy, IEndpointSelectorPolicy
{
    private readonly ConditionalWeakTable<Endpoint, Endpoint> _guarded = [];
    private readonly bool _byRule = options.Value.Routes.Any(rule => rule.Mode == DeliveryMode.Guaranteed);

    /// <summary>Last of all: pages are loaded by a policy that replaces their endpoints.</summary>
    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        ContainsDynamicEndpoints(endpoints) || endpoints.Any(endpoint => _byRule || endpoint.Metadata.GetOrderedMetadata<AuditAttribute>().Any(audit => audit.ModeIfSet == DeliveryMode.Guaranteed));

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i)
                && candidates[i].Endpoint is { RequestDelegate: not null } endpoint
                && events.Policies.Find(endpoint, httpContext.Request.Method, httpContext.Request.Path).NeedsIntent(httpContext.Request.Method))
            {
                candidates.ReplaceEndpoint(i, _guarded.GetValue(endpoint, Guard), candidates[i].Values);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Records the intent; true when the handler may run, false when the request was refused.</summary>
    public async Task<bool> AllowAsync(HttpContext context)
    {
        RequestAudit audit = AuditOf(context);
        if (audit.Intent is not null)
        {
            return true;
        }

        if (await RecordAsync(events.Intent(context, audit), context.RequestAborted).ConfigureAwait(false) is { } id)
        {
            audit.Intent = id;
            return true;
        }

        audit.Refused = true;
        return false;
    }

    /// <summary>Records an intent within the budget; its id, or null when that could not be done.</summary>
    public async Task<string?> RecordAsync(EventDraft intent, CancellationToken cancellationToken)
    {
        using var budget = new CancellationTokenSource(options.Value.IntentBudget, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, cancellationToken);
        try
        {
            // The token ends the recorder's waiting, WaitAsync ours: a recorder that does not heed the token must not hold the request either.
            RecordResult result = await outbox.RecordAsync(intent, DeliveryMode.Guaranteed, both.Token).AsTask().WaitAsync(both.Token).ConfigureAwait(false);
            return result.Id;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception fault)
        {
            LogRefused(fault, intent.Action);
            return null;
        }
    }

    /// <summary>Answers that the request was not carried out: 503 with a problem, or gRPC's UNAVAILABLE.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        const string detail = "What this request does must be recorded before it is done, and that is not possible now. Nothing was done. Try again later.";
        HttpResponse response = context.Response;
        if (GrpcStatus.IsGrpc(context))
        {
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = "14";
            response.Headers["grpc-message"] = "the audit log is not available; nothing was done";
            return Task.CompletedTask;
        }

        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.RetryAfter = "5";
        return response.WriteAsJsonAsync(
            new Problem("urn:indelible:audit-unavailable", "The request could not be recorded", StatusCodes.Status503ServiceUnavailable, detail),
            ProblemJson.Default.Problem,
            "application/problem+json");
    }

    private RequestAudit AuditOf(HttpContext context)
    {
        if (context.Features.Get<RequestAudit>() is { } audit)
        {
            return audit;
        }

        audit = events.Begin(context);
        context.Features.Set(audit);
        return audit;
    }

    private Endpoint Guard(Endpoint endpoint)
    {
        RequestDelegate handler = endpoint.RequestDelegate!;
        async Task RunAsync(HttpContext context)
        {
            if (await AllowAsync(context).ConfigureAwait(false))
            {
                await handler(context).ConfigureAwait(false);
            }
            else
            {
                await RefuseAsync(context).ConfigureAwait(false);
            }
        }

        return endpoint is RouteEndpoint route
            ? new RouteEndpoint(RunAsync, route.RoutePattern, route.Order, route.Metadata, route.DisplayName)
            : new Endpoint(RunAsync, endpoint.Metadata, endpoint.DisplayName);
    }

    [LoggerMessage(5106, LogLevel.Error, "A request was refused: the intent of {Action} could not be recorded")]
    private partial void LogRefused(Exception fault, string action);
}
