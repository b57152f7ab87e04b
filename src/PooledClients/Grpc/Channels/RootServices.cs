using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Grpc.Channels;

/// <summary>
/// The root services as what is made once for all callers may use them: a scoped service is refused, also where the container itself
/// would hand out the first one for good, and however deep it is needed. Transients are made here, so that what they ask for is asked here.
/// </summary>
internal sealed class RootServices(string client, IServiceProvider root, ServiceRegistrations registrations)
    : IKeyedServiceProvider, ISupportRequiredService, IAsyncDisposable, IDisposable
{
    // The container would own what it makes. Guarded by itself.
    private readonly List<object> _made = [];

    public object? GetService(Type serviceType) => GetService(serviceType, key: null);

    public object GetRequiredService(Type serviceType) => GetService(serviceType, key: null) ?? root.GetRequiredService(serviceType);

    public object? GetKeyedService(Type serviceType, object? serviceKey) => GetService(serviceType, serviceKey);

    public object GetRequiredKeyedService(Type serviceType, object? serviceKey)
        => GetService(serviceType, serviceKey) ?? root.GetRequiredKeyedService(serviceType, serviceKey);

    public void Dispose()
    {
        foreach (var service in TakeMade())
        {
            if (service is IDisposable disposable)
            {
                disposable.Dispose();
            }
            else
            {
                ((IAsyncDisposable)service).DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in TakeMade())
        {
            if (service is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                ((IDisposable)service).Dispose();
            }
        }
    }

    private List<object> TakeMade()
    {
        lock (_made)
        {
            List<object> made = [.. _made];
            made.Reverse();
            _made.Clear();
            return made;
        }
    }

    private object? GetService(Type type, object? key)
    {
        if (key is null && (type == typeof(IServiceProvider) || type == typeof(IKeyedServiceProvider)))
        {
            return this;
        }

        if (registrations.FindScoped(type, key) is { } scoped)
        {
            throw Refuse(scoped);
        }

        return registrations.Find(type, key) is { Lifetime: ServiceLifetime.Transient } transient && TryMake(transient, key, out var made) ? Keep(made)
            : key is null ? root.GetService(type) : ((IKeyedServiceProvider)root).GetKeyedService(type, key);
    }

    // A choice among constructors, and a parameter that is the key, are left to the container.
    private bool TryMake(ServiceDescriptor service, object? key, [NotNullWhen(true)] out object? made)
    {
        made = service.IsKeyedService
            ? service.KeyedImplementationFactory?.Invoke(this, key) ?? Make(service.KeyedImplementationType)
            : service.ImplementationFactory?.Invoke(this) ?? Make(service.ImplementationType);
        return made is not null;
    }

    private object? Make([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type? type)
        => type is { ContainsGenericParameters: false } && type.GetConstructors() is [var only]
            && !only.GetParameters().Any(static parameter => parameter.IsDefined(typeof(ServiceKeyAttribute)))
            ? ActivatorUtilities.CreateInstance(this, type)
            : null;

    private object Keep(object service)
    {
        if (service is IDisposable or IAsyncDisposable)
        {
            lock (_made)
            {
                _made.Add(service);
            }
        }

        return service;
    }

    private InvalidOperationException Refuse(Type scoped) => new(
        $"Pooled gRPC client '{client}' was asked to use {scoped}, a scoped service, in something that is made once for all callers: every caller would get the first one's. " +
        "Give each scope its own stub: AddPooledGrpcClient<TClient>().AsScoped(), whose call credentials, ConfigureClient and interceptors of GrpcInterceptorScope.Client get " +
        "the scope's services. Channel interceptors, message handlers and ConfigureChannel are made once all the same: there, use a singleton such as IHttpContextAccessor.");
}
