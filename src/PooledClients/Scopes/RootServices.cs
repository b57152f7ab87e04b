using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scopes;

/// <summary>
/// The root services as what is made once for all callers may use them: a scoped service is refused, also where the container itself
/// would hand out the first one for good, and however deep it is needed. Transients are made here, so that what they ask for is asked here.
/// </summary>
/// <param name="refusal">What is said of a scoped service.</param>
/// <param name="root">The container's.</param>
/// <param name="registrations">What the container was built from.</param>
internal sealed class RootServices(Func<Type, string> refusal, IServiceProvider root, ServiceRegistrations registrations)
    : IKeyedServiceProvider, ISupportRequiredService, IAsyncDisposable, IDisposable
{
    // The container would own what it makes. The newest first; changed by exchanging the whole.
    private Made? _made;

    /// <summary>Lends the same services to one piece of work: what is made of them meanwhile ends with it.</summary>
    public async Task UseOnceAsync(Func<RootServices, Task> use)
    {
        var once = new RootServices(refusal, root, registrations);
        await using (once.ConfigureAwait(false))
        {
            await use(once).ConfigureAwait(false);
        }
    }

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

    // What was made last may need what was made before it.
    private IEnumerable<object> TakeMade()
    {
        for (var made = Interlocked.Exchange(ref _made, null); made is not null; made = made.Before)
        {
            yield return made.Service;
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
            throw new InvalidOperationException(refusal(scoped));
        }

        return registrations.Find(type, key) is { } own ? Make(own, type, key) ?? GetFromRoot(type, key)
            : ServiceRegistrations.ElementOf(type) is { } element ? MakeAll(type, element, key)
            : GetFromRoot(type, key);
    }

    private object? GetFromRoot(Type type, object? key) => key is null ? root.GetService(type) : ((IKeyedServiceProvider)root).GetKeyedService(type, key);

    // A transient alone is made here, for the container would make it of what it has itself.
    private object? Make(ServiceDescriptor service, Type type, object? key)
    {
        if (service.Lifetime != ServiceLifetime.Transient)
        {
            return null;
        }

        var made = service.IsKeyedService ? service.KeyedImplementationFactory?.Invoke(this, key) : service.ImplementationFactory?.Invoke(this);
        made ??= Construct(ServiceRegistrations.ImplementationOf(service, type), key);
        return made is null ? null : Keep(made);
    }

    // The container's own enumeration, with the transients in it made here first.
    private object? MakeAll(Type type, Type element, object? key)
    {
        object?[] made = [.. registrations.FindAll(element, key).Select(service => Make(service, element, key))];
        if (GetFromRoot(type, key) is not Array all || all.Length != made.Length || made.All(static service => service is null))
        {
            return GetFromRoot(type, key);
        }

        all = (Array)all.Clone();
        for (var i = 0; i < made.Length; i++)
        {
            all.SetValue(made[i] ?? all.GetValue(i), i);
        }

        return all;
    }

    // Services that need each other in a circle end in an exception, as the container's own do, and not with the process.
    private object? Construct([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type? type, object? key)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return type is not null && registrations.ConstructorOf(type, key) is { } constructor
            ? constructor.Invoke(BindingFlags.DoNotWrapExceptions, binder: null, [.. constructor.GetParameters().Select(parameter => ArgumentOf(parameter, type, key))], culture: null)
            : null;
    }

    private object? ArgumentOf(ParameterInfo parameter, Type of, object? key)
        => ServiceRegistrations.IsKey(parameter) ? key
            : GetService(parameter.ParameterType, ServiceRegistrations.KeyOf(parameter, key)) is { } service ? service
            : parameter.HasDefaultValue ? parameter.DefaultValue
            : throw new InvalidOperationException($"Unable to resolve service for type '{parameter.ParameterType}' while attempting to activate '{of}'.");

    private object Keep(object service)
    {
        if (service is IDisposable or IAsyncDisposable)
        {
            Made? before;
            do
            {
                before = Volatile.Read(ref _made);
            }
            while (Interlocked.CompareExchange(ref _made, new Made(service, before), before) != before);
        }

        return service;
    }

    private sealed class Made(object service, Made? before)
    {
        public object Service => service;

        public Made? Before => before;
    }
}
