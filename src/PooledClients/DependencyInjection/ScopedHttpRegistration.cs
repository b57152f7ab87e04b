using Microsoft.Extensions.DependencyInjection;
using PooledClients.Http;

namespace PooledClients.DependencyInjection;

/// <summary>
/// A client that each scope has one of (<c>AsScoped</c>). A container takes what was registered last, so what is registered for it is renewed whenever
/// anybody adds the client, or a type of its name, again.
/// </summary>
internal sealed class ScopedHttpRegistration(string name)
{
    // Changed while the application registers its services, by one thread.
    private readonly HashSet<TypedHttpClient> _typed = new(ReferenceEqualityComparer.Instance);

    // The client itself: the factory's own is registered anew each time that a named one is added.
    private ServiceDescriptor? _client;

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

    // What somebody else has registered since stays the last, as with a plain client: a decorator, a fake, a type that another name has as well.
    private void Renew(IServiceCollection services)
    {
        if (_client is null || name.Length > 0)
        {
            if (_client is not null)
            {
                services.Remove(_client);
            }

            _ = name.Length == 0
                ? services.AddTransient(scope => ScopedHttpClients.Create(scope, name))
                : services.AddKeyedScoped(name, static (scope, key) => ScopedHttpClients.Create(scope, (string)key!));
            _client = services[^1];
        }

        foreach (var typed in Instances<TypedHttpClient>(services).Where(typed => typed.Name == name && _typed.Add(typed)))
        {
            typed.MakeScoped(services);
        }
    }
}
