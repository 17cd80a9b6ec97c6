using System.Text.Json;
using Indelible.AspNetCore.Transfer;
using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Indelible.AspNetCore.Requests;

/// <summary>What is known of one request so far. One per request, owned by whoever runs the request at the time; read when the response is complete.</summary>
internal sealed class RequestAudit
{
    private const int MostChecks = 16;

    public required DateTimeOffset Time { get; init; }

    public required long Started { get; init; }

    /// <summary>The trace as it was at the start: the activity is gone when the response is complete.</summary>
    public Trace? Trace { get; init; }

    /// <summary>The other end of the connection, before any forwarded-headers middleware of the application.</summary>
    public System.Net.IPAddress? Peer { get; init; }

    /// <summary>The endpoint that the request was for, the first that routing found: an error page may answer in its stead later.</summary>
    public Endpoint? Endpoint { get; private set; }

    /// <summary>The route's values as <see cref="Endpoint"/> got them.</summary>
    public RouteValueDictionary? RouteValues { get; private set; }

    /// <summary>A page handler's own policy, which counts more than its endpoint's.</summary>
    public EndpointPolicy? Policy { get; set; }

    /// <summary>What was decided by the authorisation middleware, or by forbidding.</summary>
    public Decision? Decision { get; set; }

    public bool Denied { get; set; }

    /// <summary>Whether authorisation was asked about this request.</summary>
    public bool Authorized { get; set; }

    /// <summary>Whether a sign-in or sign-out of this request was recorded: it says what the request was about.</summary>
    public bool Spoken { get; set; }

    /// <summary>The full name of the exception's type; its message may hold anything and is never recorded.</summary>
    public string? Exception { get; set; }

    public bool Cancelled { get; set; }

    /// <summary>Whether the bodies are being measured, or need not be.</summary>
    public bool Measured { get; set; }

    /// <summary>Whether the pipeline returned; after an exception somebody further out may have written, unmeasured.</summary>
    public bool Returned { get; set; }

    /// <summary>The id of the recorded intent that the outcome relates to.</summary>
    public string? Intent { get; set; }

    /// <summary>Whether it was refused because its intent could not be recorded.</summary>
    public bool Refused { get; set; }

    public Func<EventDraft, EventDraft>? Amendment { get; private set; }

    public ResponseMeter? Response { get; set; }

    public RequestMeter? Request { get; set; }

    /// <summary>Decisions that the application asked for itself, oldest first.</summary>
    public List<Check>? Checks { get; private set; }

    /// <summary>Schemes whose failure was recorded: a handler answers the same again each time it is asked.</summary>
    public List<string>? FailedSchemes { get; set; }

    /// <summary>Keeps what routing found, as soon as it has.</summary>
    public void Settle(HttpContext context)
    {
        if (Endpoint is null && context.GetEndpoint() is { } endpoint && context.Features.Get<IExceptionHandlerFeature>() is null)
        {
            Endpoint = endpoint;
            RouteValues = context.Request.RouteValues;
        }
    }

    public void Amend(Func<EventDraft, EventDraft> change)
    {
        Func<EventDraft, EventDraft>? before = Amendment;
        Amendment = before is null ? change : draft => change(before(draft));
    }

    public void Add(Check check)
    {
        Checks ??= [];
        if (Checks.Count < MostChecks)
        {
            Checks.Add(check);
        }
    }

    /// <summary>One decision that the application asked for.</summary>
    internal sealed record Check(string? Policy, bool Allowed, string? Requirements)
    {
        public void WriteTo(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            if (Policy is not null)
            {
                writer.WriteString("policy"u8, Policy);
            }

            writer.WriteString("effect"u8, Allowed ? "allow"u8 : "deny"u8);
            if (Requirements is not null)
            {
                writer.WriteString("requirements"u8, Requirements);
            }

            writer.WriteEndObject();
        }
    }
}
