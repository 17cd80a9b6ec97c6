using Indelible.Client.Recording;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the recorder to an application.</summary>
public static class IndelibleServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IAuditRecorder"/> and <see cref="AuditClient"/>, one for the process, and ends it cleanly with the host.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options; called after everything else that configures them.</param>
    /// <remarks>
    /// The client is made when the host starts, so that wrong options stop the start, or when it is first asked for. Every registered
    /// <see cref="IAuditEnricher"/> is used.
    /// </remarks>
    public static IServiceCollection AddIndelible(this IServiceCollection services, Action<AuditClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<AuditClientOptions> options = services.AddOptions<AuditClientOptions>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(provider => new AuditClient(
            provider.GetRequiredService<IOptions<AuditClientOptions>>().Value,
            provider.GetServices<IAuditEnricher>(),
            provider.GetService<ILogger<AuditClient>>(),
            provider.GetService<TimeProvider>()));
        services.TryAddSingleton<IAuditRecorder>(provider => provider.GetRequiredService<AuditClient>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, AuditClientHost>());
        return services;
    }

    /// <summary>As <see cref="AddIndelible(IServiceCollection, Action{AuditClientOptions}?)"/>, with options from a section of the configuration, by their names.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="section">As in <c>builder.Configuration.GetSection("Indelible")</c>. <c>Modes</c> is a section of actions and modes.</param>
    /// <param name="configure">Sets what the configuration does not.</param>
    /// <exception cref="ArgumentException">When the client is made: a setting is unknown or cannot be read; the message names each.</exception>
    public static IServiceCollection AddIndelible(this IServiceCollection services, IConfiguration section, Action<AuditClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<AuditClientOptions>().Configure(options => OptionsReader.Read(section, options));
        return services.AddIndelible(configure);
    }

    /// <summary>Makes the client with the host, and ends it with the host.</summary>
    private sealed class AuditClientHost(AuditClient client) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        // Its own end is when the container goes: other services record while they stop.
        public Task StopAsync(CancellationToken cancellationToken) => client.FlushAsync(TimeSpan.FromSeconds(1), CancellationToken.None);
    }
}
