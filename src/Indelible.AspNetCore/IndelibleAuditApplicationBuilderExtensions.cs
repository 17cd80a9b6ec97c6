using Indelible.AspNetCore.Decisions;
using Indelible.AspNetCore.Requests;
using Indelible.AspNetCore.SignIns;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the recording of requests into the pipeline.</summary>
public static partial class IndelibleAuditApplicationBuilderExtensions
{
    /// <summary>Records requests from here inwards; best the first middleware of all, so that it sees what every other one decides.</summary>
    /// <exception cref="InvalidOperationException">The services, or a recorder, are not registered.</exception>
    public static IApplicationBuilder UseIndelibleAudit(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        IServiceProvider services = app.ApplicationServices;
        if (services.GetService<AuditOutbox>() is null || services.GetService<IAuditRecorder>() is null)
        {
            throw new InvalidOperationException("Nothing is registered to record with. Call builder.AddIndelible() before builder.Build().");
        }

        Check(services);
        services.GetRequiredService<AuditSwitch>().IsOn = true;
        return app.UseMiddleware<AuditMiddleware>(false);
    }

    /// <summary>Services that were registered over ours keep decisions from the record: say so at the start, not in the audit.</summary>
    private static void Check(IServiceProvider services)
    {
        ILogger logger = services.GetRequiredService<ILogger<AuditMiddleware>>();
        var known = services.GetRequiredService<IServiceProviderIsService>();
        using IServiceScope scope = services.CreateScope();
        if (known.IsService(typeof(IAuthenticationSchemeProvider)) && scope.ServiceProvider.GetRequiredService<IAuthenticationService>() is not AuditedAuthenticationService)
        {
            LogReplaced(logger, nameof(IAuthenticationService), "sign-ins and sign-outs");
        }

        if (known.IsService(typeof(IAuthorizationHandlerProvider)) && scope.ServiceProvider.GetRequiredService<IAuthorizationService>() is not AuditedAuthorizationService)
        {
            LogReplaced(logger, nameof(IAuthorizationService), "decisions");
        }

        if (known.IsService(typeof(IAuthorizationHandlerProvider)) && scope.ServiceProvider.GetRequiredService<IAuthorizationMiddlewareResultHandler>() is not AuditedResultHandler)
        {
            LogReplaced(logger, nameof(IAuthorizationMiddlewareResultHandler), "policies and requirements of denials");
        }
    }

    [LoggerMessage(5107, LogLevel.Warning, "{Service} was registered after AddIndelible: {What} are not recorded. Register it before")]
    private static partial void LogReplaced(ILogger logger, string service, string what);
}
