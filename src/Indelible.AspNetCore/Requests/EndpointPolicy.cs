using Indelible.Client.Recording;
using Indelible.Events.Producing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;

namespace Indelible.AspNetCore.Requests;

/// <summary>What is to be recorded of the requests to one endpoint: what its attributes and the route rules come to.</summary>
internal sealed record EndpointPolicy
{
    /// <summary>The name that the framework's own health checks give their endpoint.</summary>
    private const string HealthChecks = "Health checks";

    public static EndpointPolicy None { get; } = new();

    /// <summary>Whether an attribute or a rule names these requests.</summary>
    public bool Named { get; init; }

    /// <summary>Whether GET, HEAD and OPTIONS are recorded because of the name; a rule for whole areas leaves reads out.</summary>
    public bool Reads { get; init; }

    /// <summary>Whether requests that go well are noise.</summary>
    public bool Quiet { get; init; }

    /// <summary>Whether it answers how healthy the application is: its 503 is an answer, not a failure.</summary>
    public bool IsHealthCheck { get; init; }

    /// <summary>Whether the endpoint asks for authorisation.</summary>
    public bool Protected { get; init; }

    /// <summary>The names of policies and roles that the endpoint asks for.</summary>
    public string? AuthorizationNames { get; init; }

    public string? Action { get; init; }

    public string? TargetType { get; init; }

    public string? TargetId { get; init; }

    public string? DataSubject { get; init; }

    public Classification? Classification { get; init; }

    public DeliveryMode? Mode { get; init; }

    public Category? Category { get; init; }

    public Operation? Operation { get; init; }

    public string? Route { get; init; }

    /// <summary>Whether requests by this method only read.</summary>
    public static bool IsRead(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);

    /// <summary>Whether the name, of an attribute or a rule, has requests by this method recorded.</summary>
    public bool Names(string method) => Named && (Reads || !IsRead(method));

    /// <summary>Whether a request by this method must be recorded before it is answered.</summary>
    public bool NeedsIntent(string method) => Mode == DeliveryMode.Guaranteed && Names(method);

    public static EndpointPolicy Of(Endpoint endpoint)
    {
        EndpointMetadataCollection metadata = endpoint.Metadata;
        var policy = new EndpointPolicy
        {
            Route = endpoint is RouteEndpoint { RoutePattern.RawText: { } raw } ? Bounded.Text(raw.StartsWith('/') ? raw : "/" + raw, 512) : null,
            IsHealthCheck = endpoint.DisplayName == HealthChecks,
            Quiet = endpoint.DisplayName == HealthChecks || metadata.GetMetadata<NoAuditAttribute>() is not null || metadata.GetMetadata<StaticAssetDescriptor>() is not null,
            Protected = metadata.GetMetadata<IAllowAnonymous>() is null && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null),
            AuthorizationNames = Decisions.RequirementNames.Of(metadata.GetOrderedMetadata<IAuthorizeData>()),
        };
        foreach (AuditAttribute attribute in metadata.GetOrderedMetadata<AuditAttribute>())
        {
            policy = policy.With(attribute);
        }

        return policy;
    }

    public EndpointPolicy With(AuditAttribute attribute) => this with
    {
        Named = true,
        Reads = true,
        Action = attribute.Action ?? Action,
        TargetType = attribute.Target ?? TargetType,
        TargetId = attribute.TargetId ?? TargetId,
        DataSubject = attribute.DataSubject ?? DataSubject,
        Classification = attribute.ClassificationIfSet ?? Classification,
        Mode = attribute.ModeIfSet ?? Mode,
        Category = attribute.CategoryIfSet ?? Category,
        Operation = attribute.OperationIfSet ?? Operation,
    };

    public EndpointPolicy With(AuditRoute rule) => this with
    {
        Named = true,
        Reads = rule.Methods.Count > 0 || rule.Classification is not null,
        Action = rule.Action,
        TargetType = rule.Target,
        TargetId = rule.TargetId,
        DataSubject = rule.DataSubject,
        Classification = rule.Classification,
        Mode = rule.Mode,
        Route = Route ?? Bounded.Text(rule.Pattern, 512),
    };
}
