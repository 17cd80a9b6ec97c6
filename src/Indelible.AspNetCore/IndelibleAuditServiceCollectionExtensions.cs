using Indelible.AspNetCore;
using Indelible.AspNetCore.Decisions;
using Indelible.AspNetCore.Hubs;
using Indelible.AspNetCore.Pages;
using Indelible.AspNetCore.Requests;
using Indelible.AspNetCore.SignIns;
using Indelible.Client.Recording;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what records an application's requests.</summary>
public static class IndelibleAuditServiceCollectionExtensions
{
    /// <summary>Registers the recording of sign-ins, decisions and requests. It needs an <see cref="IAuditRecorder"/>, and <c>app.UseIndelibleAudit()</c>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">What is recorded; by default what is protected or can change something.</param>
    /// <remarks>Calling it again adds configuration. Replacements of <see cref="IAuthenticationService"/> and the authorisation services go before it.</remarks>
    public static IServiceCollection AddIndelibleAudit(this IServiceCollection services, Action<AuditOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (configure is not null)
        {
            services.Configure(configure);
        }

        services.AddOptions<AuditOptions>().ValidateOnStart();
        services.AddHttpContextAccessor();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AuditSwitch>();
        services.TryAddSingleton<PolicyBook>();
        services.TryAddSingleton<RequestEvents>();
        services.TryAddSingleton<AuditOutbox>();
        services.TryAddSingleton<IntentPolicy>();
        services.TryAddSingleton<HubEvents>();
        services.TryAddSingleton<AuthenticationEvents>();
        services.TryAddSingleton<AuditHubFilter>();
        services.TryAddSingleton<AuditPageFilter>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AuditOptions>, AuditOptionsValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, AuditStartupFilter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuditEnricher, RequestEnricher>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, IntentPolicy>(provider => provider.GetRequiredService<IntentPolicy>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, AuditOutbox>(provider => provider.GetRequiredService<AuditOutbox>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton(typeof(IPostConfigureOptions<>), typeof(RemoteFailures<>)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<HubOptions>, HubFilterSetup>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<MvcOptions>, PageFilterSetup>());
        services.Decorate<IAuthenticationService, AuditedAuthenticationService>(static scratch => scratch.AddAuthenticationCore());
        services.Decorate<IAuthorizationService, AuditedAuthorizationService>(static scratch => scratch.AddAuthorizationCore());
        services.Decorate<IAuthorizationMiddlewareResultHandler, AuditedResultHandler>(static scratch => scratch.AddAuthorizationPolicyEvaluator());
        return services;
    }

    /// <summary>Records failed sign-ins of ASP.NET Core Identity: puts <see cref="AuditedSignInManager{TUser}"/> in the place of its sign-in manager.</summary>
    /// <param name="identity">What <c>AddIdentity</c> or <c>AddIdentityCore</c> returned. A sign-in manager of the application's own derives from <see cref="AuditedSignInManager{TUser}"/> instead.</param>
    public static IdentityBuilder AddIndelibleAudit(this IdentityBuilder identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        Type manager = typeof(AuditedSignInManager<>).MakeGenericType(identity.UserType);
        identity.Services.AddScoped(typeof(SignInManager<>).MakeGenericType(identity.UserType), manager);
        return identity;
    }

    private sealed class AuditOptionsValidation : IValidateOptions<AuditOptions>
    {
        public ValidateOptionsResult Validate(string? name, AuditOptions options) =>
            options.Faults() is { Count: > 0 } faults ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private sealed class HubFilterSetup(AuditHubFilter filter) : IConfigureOptions<HubOptions>
    {
        public void Configure(HubOptions options) => options.AddFilter(filter);
    }

    private sealed class PageFilterSetup(AuditPageFilter filter) : IConfigureOptions<MvcOptions>
    {
        public void Configure(MvcOptions options) => options.Filters.Add(filter);
    }
}
