using Indelible.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says on endpoints and groups what is recorded of their requests.</summary>
public static class AuditEndpointConventionBuilderExtensions
{
    /// <summary>Records the requests to these endpoints.</summary>
    /// <param name="builder">An endpoint, a group, controllers, pages, a hub, a gRPC service.</param>
    /// <param name="action">The action, dotted and lower case; null for a name made from the method.</param>
    /// <param name="configure">More, as in <see cref="AuditAttribute"/>.</param>
    /// <exception cref="ArgumentException">The action is no name.</exception>
    public static TBuilder WithAudit<TBuilder>(this TBuilder builder, string? action = null, Action<AuditAttribute>? configure = null)
        where TBuilder : IEndpointConventionBuilder
    {
        AuditAttribute audit = action is null ? new AuditAttribute() : new AuditAttribute(action);
        configure?.Invoke(audit);

        builder.Add(endpoint => Place(endpoint.Metadata, audit, isOne: builder is RouteHandlerBuilder));
        return builder;
    }

    /// <summary>Leaves requests that go well out of the record; denials and failures stay in it.</summary>
    public static TBuilder WithoutAudit<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(static endpoint => endpoint.Metadata.Add(new NoAuditAttribute()));
        return builder;
    }

    /// <summary>What is said nearer to the handler comes later and counts more: groups and whole sets of endpoints from outside to inside, attributes, the one endpoint.</summary>
    private static void Place(IList<object> metadata, AuditAttribute audit, bool isOne)
    {
        if (isOne)
        {
            metadata.Add(audit);
            return;
        }

        audit.OfMany = true;
        int at = 0;
        while (at < metadata.Count && metadata[at] is AuditAttribute { OfMany: true })
        {
            at++;
        }

        metadata.Insert(at, audit);
    }
}
