using Indelible.Client.Recording;
using Microsoft.AspNetCore.Http;

namespace Indelible.AspNetCore.Requests;

/// <summary>Gives the application's own events the actor, source, request and trace of the request that they are recorded in.</summary>
internal sealed class RequestEnricher(IHttpContextAccessor accessor, RequestEvents events) : IAuditEnricher
{
    public EventDraft Enrich(EventDraft draft)
    {
        // An event of the middleware's own says all that there is to say.
        if (draft is { Actor: not null, Source: not null, Request: not null } || accessor.HttpContext is not { } context)
        {
            return draft;
        }

        return events.Fill(draft, context, context.Features.Get<RequestAudit>());
    }
}
