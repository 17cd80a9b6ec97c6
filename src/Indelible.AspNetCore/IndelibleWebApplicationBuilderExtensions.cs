using Indelible.AspNetCore;
using Indelible.Client.Recording;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds Indelible to a web application.</summary>
public static class IndelibleWebApplicationBuilderExtensions
{
    /// <summary>Records this application's events in an Indelible log: registers the client, and the recording of requests that <c>app.UseIndelibleAudit()</c> turns on.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="client">Settings of the client, over those of the configuration section <c>Indelible</c>.</param>
    /// <param name="capture">Settings of what is recorded, over those of the section <c>Indelible:AspNetCore</c>.</param>
    /// <remarks>
    /// Left open, the service's name and environment are the host's, and events wait in the folder <c>audit-spool</c> of the content root. Settings that cannot be used end the start, with a line
    /// for each. A registered <see cref="IAuditRecorder"/> of the application's own is kept.
    /// </remarks>
    public static WebApplicationBuilder AddIndelible(this WebApplicationBuilder builder, Action<AuditClientOptions>? client = null, Action<AuditOptions>? capture = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        IConfigurationSection section = builder.Configuration.GetSection("Indelible");
        builder.Services.AddOptions<AuditClientOptions>().Bind(section).Configure(options =>
        {
            client?.Invoke(options);
            options.ServiceName ??= builder.Environment.ApplicationName;
            options.ServiceEnvironment ??= builder.Environment.EnvironmentName;
            options.SpoolFolder ??= Path.Combine(builder.Environment.ContentRootPath, "audit-spool");
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton(services => new AuditClient(
            services.GetRequiredService<IOptions<AuditClientOptions>>().Value,
            services.GetServices<IAuditEnricher>(),
            services.GetRequiredService<ILogger<AuditClient>>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.TryAddSingleton<IAuditRecorder>(services => services.GetRequiredService<AuditClient>());
        builder.Services.Configure<AuditOptions>(section.GetSection("AspNetCore"));
        builder.Services.AddIndelibleAudit(capture);
        return builder;
    }
}
