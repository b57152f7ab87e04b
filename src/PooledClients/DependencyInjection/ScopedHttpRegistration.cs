using Microsoft.Extensions.DependencyInjection;
using PooledClients.Http;

namespace PooledClients.DependencyInjection;

/// <summary>
/// A client that each scope has one of (<c>AsScoped</c>). A container takes what was registered last, so what is registered for it is renewed whenever
/// anybody adds the client again.
/// </summary>
internal sealed class ScopedHttpRegistration(string name)
{
    // Changed while the application registers its services, by one thread.
    private readonly List<ServiceDescriptor> _added = [];

    public static void Add(IServiceCollection services, string name)
    {
        if (Find(services, name) is null)
        {
            services.AddSingleton(new ScopedHttpRegistration(name));
        }

        Renew(services, name);
    }

    public static void Renew(IServiceCollection services, string name) => Find(services, name)?.Renew(services);

    private static ScopedHttpRegistration? Find(IServiceCollection services, string name)
        => Instances<ScopedHttpRegistration>(services).FirstOrDefault(client => client.HasName(name));

    private static List<T> Instances<T>(IServiceCollection services)
        => [.. services.Select(static service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<T>()];

    private bool HasName(string other) => name == other;

    private void Renew(IServiceCollection services)
    {
        foreach (var service in _added)
        {
            services.Remove(service);
        }

        var count = services.Count;
        _ = name.Length == 0
            ? services.AddTransient(scope => ScopedHttpClients.Create(scope, name))
            : services.AddKeyedScoped(name, static (scope, key) => ScopedHttpClients.Create(scope, (string)key!));
        foreach (var typed in Instances<TypedHttpClient>(services).Where(typed => typed.Name == name))
        {
            typed.MakeScoped(services);
        }

        _added.Clear();
        _added.AddRange(services.Skip(count));
    }
}
