using Microsoft.Extensions.DependencyInjection;

namespace Indelible.AspNetCore;

/// <summary>Puts a service of ours around one of the application's or the framework's, whichever is registered first.</summary>
internal static class Decoration
{
    /// <summary>Wraps what is registered for <typeparamref name="TService"/>, or what <paramref name="registerDefault"/> would register where nothing is yet.</summary>
    /// <remarks>The framework adds its own only where there is none: with ours in place first, its own must be made here.</remarks>
    public static void Decorate<TService, TDecorator>(this IServiceCollection services, Action<IServiceCollection> registerDefault)
        where TService : class
        where TDecorator : class, TService
    {
        if (services.Any(descriptor => descriptor.ServiceType == typeof(TService) && descriptor.ImplementationFactory?.Target is Wrapping<TService, TDecorator>))
        {
            return;
        }

        ServiceDescriptor inner = services.LastOrDefault(Is<TService>) ?? DefaultOf<TService>(registerDefault);
        services.Add(new ServiceDescriptor(typeof(TService), new Wrapping<TService, TDecorator>(inner).Make, inner.Lifetime));
    }

    private static bool Is<TService>(ServiceDescriptor descriptor) => descriptor.ServiceType == typeof(TService) && !descriptor.IsKeyedService;

    private static ServiceDescriptor DefaultOf<TService>(Action<IServiceCollection> registerDefault)
    {
        var scratch = new ServiceCollection();
        registerDefault(scratch);
        return scratch.Last(Is<TService>);
    }

    private sealed class Wrapping<TService, TDecorator>(ServiceDescriptor inner)
        where TService : class
        where TDecorator : class, TService
    {
        private readonly ObjectFactory _decorator = ActivatorUtilities.CreateFactory(typeof(TDecorator), [typeof(TService)]);

        public object Make(IServiceProvider services) => _decorator(services, [Inner(services)]);

        private object Inner(IServiceProvider services) =>
            inner.ImplementationInstance
            ?? inner.ImplementationFactory?.Invoke(services)
            ?? ActivatorUtilities.CreateInstance(services, inner.ImplementationType!);
    }
}
