using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Indelible.AspNetCore.SignIns;

/// <summary>Records failures of sign-ins at another provider (OpenID Connect, OAuth), which no service of ASP.NET Core sees: it is told by the handler's own events, before the application's.</summary>
internal sealed class RemoteFailures<TOptions>(AuthenticationEvents events) : IPostConfigureOptions<TOptions>
    where TOptions : RemoteAuthenticationOptions
{
    public void PostConfigure(string? name, TOptions options)
    {
        if (options.Events is not { } handlers)
        {
            return;
        }

        Func<RemoteFailureContext, Task> failed = handlers.OnRemoteFailure;
        handlers.OnRemoteFailure = async context =>
        {
            string? method = await AuthenticationEvents.MethodAsync(context.HttpContext, context.Scheme.Name).ConfigureAwait(false);
            events.Failed(context.HttpContext, method, null, context.Failure is { } failure ? AuthenticationEvents.ReasonOf(failure) : "remote failure");
            await failed(context).ConfigureAwait(false);
        };
        Func<AccessDeniedContext, Task> denied = handlers.OnAccessDenied;
        handlers.OnAccessDenied = async context =>
        {
            string? method = await AuthenticationEvents.MethodAsync(context.HttpContext, context.Scheme.Name).ConfigureAwait(false);
            events.Failed(context.HttpContext, method, null, "access denied by the provider or the user");
            await denied(context).ConfigureAwait(false);
        };
    }
}
