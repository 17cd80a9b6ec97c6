using System.Reflection;
using Indelible.AspNetCore.Requests;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Mvc.Filters;

namespace Indelible.AspNetCore.Pages;

/// <summary>Lets a Razor page's handler methods carry <see cref="AuditAttribute"/>: routing knows the page, only the page knows which handler answers.</summary>
internal sealed class AuditPageFilter(RequestEvents events, IntentPolicy intents) : IAsyncPageFilter
{
    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context)
    {
        if (context.HandlerMethod?.MethodInfo.GetCustomAttribute<AuditAttribute>(inherit: true) is { } attribute
            && context.HttpContext.Features.Get<RequestAudit>() is { } audit)
        {
            audit.Policy = events.PolicyOf(context.HttpContext, audit).With(attribute);
        }

        return Task.CompletedTask;
    }

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        bool guarded = context.HandlerMethod?.MethodInfo.GetCustomAttribute<AuditAttribute>(inherit: true) is { ModeIfSet: DeliveryMode.Guaranteed };
        if (guarded && !await intents.AllowAsync(context.HttpContext).ConfigureAwait(false))
        {
            context.Result = new RefusedResult();
            return;
        }

        await next().ConfigureAwait(false);
    }

    private sealed class RefusedResult : Microsoft.AspNetCore.Mvc.ActionResult
    {
        public override Task ExecuteResultAsync(Microsoft.AspNetCore.Mvc.ActionContext context) => IntentPolicy.RefuseAsync(context.HttpContext);
    }
}
