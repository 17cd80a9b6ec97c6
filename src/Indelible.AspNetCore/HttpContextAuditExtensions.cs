using Indelible.AspNetCore.Requests;
using Indelible.AspNetCore.SignIns;
using Indelible.Client.Recording;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Http;

/// <summary>What a handler may say about the request that it answers.</summary>
public static class HttpContextAuditExtensions
{
    /// <summary>Adds to the event of this request, and has it recorded whatever the policy. Nothing happens where the middleware is not in the pipeline.</summary>
    /// <param name="context">The request.</param>
    /// <param name="change">Makes the event more precise when the response is complete: <c>draft => draft.On("patient_record", id, Classification.Phi).About(subject)</c>. Must not throw, and must not use the request.</param>
    public static void AmendAudit(this HttpContext context, Func<EventDraft, EventDraft> change)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(change);
        context.Features.Get<RequestAudit>()?.Amend(change);
    }

    /// <summary>Records that a sign-in was refused, for applications that check passwords themselves.</summary>
    /// <param name="context">The request.</param>
    /// <param name="userId">Whose account it was tried on, by its stable id; null where the name is nobody's. Not the name that was typed: people type passwords there.</param>
    /// <param name="reason">A short word: <c>wrong password</c>, <c>locked out</c>.</param>
    /// <param name="method">How it was tried.</param>
    /// <exception cref="InvalidOperationException">AddIndelible was not called.</exception>
    public static void AuditSignInFailure(this HttpContext context, string? userId, string reason, string method = "password")
    {
        ArgumentNullException.ThrowIfNull(context);
        context.RequestServices.GetRequiredService<AuthenticationEvents>().Failed(context, method, userId, reason);
    }
}
