using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scopes;

/// <summary>What the container was built from: it does not tell how long its services live, nor what they are made of.</summary>
internal sealed class ServiceRegistrations(IServiceCollection services)
{
    // What every container has by itself.
    private static readonly HashSet<Type> BuiltIn =
        [typeof(IServiceProvider), typeof(IKeyedServiceProvider), typeof(IServiceScopeFactory), typeof(IServiceProviderIsService), typeof(IServiceProviderIsKeyedService)];

    private readonly Lazy<ILookup<(Type, object?), (ServiceDescriptor Service, int Index)>> _index =
        new(() => services.Index().ToLookup(static at => (at.Item.ServiceType, at.Item.IsKeyedService ? at.Item.ServiceKey : null), static at => (at.Item, at.Index)));

    // Looked up for each call, where credentials ask for a service.
    private readonly ConcurrentDictionary<(Type, object?), ServiceDescriptor?> _found = new();
    private readonly ConcurrentDictionary<(Type, object?), Type?> _scoped = new();

    /// <summary>The registration that the container takes; none for what it has by itself.</summary>
    public ServiceDescriptor? Find(Type type, object? key)
        => _found.GetOrAdd((type, key), static (service, all) => all.FindLast(service.Item1, service.Item2), this);

    /// <summary>All registrations of a service, in the order in which an enumeration has them.</summary>
    public IReadOnlyList<ServiceDescriptor> FindAll(Type type, object? key)
    {
        var found = FindEach(type, key);
        return key is null || found.Count > 0 ? found : FindEach(type, KeyedService.AnyKey);
    }

    /// <summary>The type that the container makes for the service: that of the registration, closed as the service is. None where a factory or an instance is registered.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "The container closes it alike, and keeps the constructors that it has found.")]
    [UnconditionalSuppressMessage("Trimming", "IL2073", Justification = "As above.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)]
    public static Type? ImplementationOf(ServiceDescriptor service, Type type)
    {
        var implementation = service.IsKeyedService ? service.KeyedImplementationType : service.ImplementationType;
        if (implementation is not { IsGenericTypeDefinition: true })
        {
            return implementation;
        }

        try
        {
            return implementation.MakeGenericType(type.GenericTypeArguments);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            // The container passes it by, or says what is wrong with it.
            return null;
        }
    }

    /// <summary>
    /// The scoped service that would be handed out for this one, or made into it: itself, an element of what it enumerates, a parameter of
    /// its constructor, however deep. What a factory asks for is seen when it runs.
    /// </summary>
    public Type? FindScoped(Type type, object? key) => _scoped.GetOrAdd((type, key), static (service, all) => all.Search(service.Item1, service.Item2, []), this);

    /// <summary>The constructor that the container takes: the longest whose parameters it has.</summary>
    public ConstructorInfo? ConstructorOf([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type, object? key)
        => type.GetConstructors() is [var only] ? only
            : type.GetConstructors().OrderByDescending(static constructor => constructor.GetParameters().Length)
                .FirstOrDefault(constructor => constructor.GetParameters().All(parameter => Has(parameter, key)));

    /// <summary>What a service's constructor gets for the parameter is the service's own key.</summary>
    public static bool IsKey(ParameterInfo parameter) => parameter.IsDefined(typeof(ServiceKeyAttribute), inherit: false);

    /// <summary>The key under which the parameter of a service with this key is asked for.</summary>
    public static object? KeyOf(ParameterInfo parameter, object? key) => parameter.GetCustomAttribute<FromKeyedServicesAttribute>(inherit: false) switch
    {
        { LookupMode: ServiceKeyLookupMode.InheritKey } => key,
        { LookupMode: ServiceKeyLookupMode.ExplicitKey, Key: var own } => own,
        _ => null,
    };

    /// <summary>What is enumerated; <see langword="null"/> for what is no enumeration.</summary>
    public static Type? ElementOf(Type type)
        => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>) ? type.GenericTypeArguments[0] : null;

    private Type? Search(Type type, object? key, HashSet<(Type, object?)> seen)
    {
        if (!seen.Add((type, key)))
        {
            return null;
        }

        return Find(type, key) is { } own ? SearchIn(own, type, key, seen)
            : ElementOf(type) is { } element ? FindAll(element, key).Select(service => SearchIn(service, element, key, seen)).FirstOrDefault(static scoped => scoped is not null)
            : null;
    }

    private Type? SearchIn(ServiceDescriptor service, Type type, object? key, HashSet<(Type, object?)> seen)
    {
        if (service.Lifetime == ServiceLifetime.Scoped)
        {
            return type;
        }

        var constructor = ImplementationOf(service, type) is { } implementation ? ConstructorOf(implementation, key) : null;
        return constructor?.GetParameters()
            .Where(static parameter => !IsKey(parameter))
            .Select(parameter => Search(parameter.ParameterType, KeyOf(parameter, key), seen))
            .FirstOrDefault(static scoped => scoped is not null);
    }

    private bool Has(ParameterInfo parameter, object? key)
        => parameter.HasDefaultValue || IsKey(parameter) || BuiltIn.Contains(parameter.ParameterType) || ElementOf(parameter.ParameterType) is not null
            || Find(parameter.ParameterType, KeyOf(parameter, key)) is not null;

    // The closed registration comes before the open one, and that of the key before that of any.
    private ServiceDescriptor? FindLast(Type type, object? key)
    {
        IEnumerable<Type> types = type.IsConstructedGenericType ? [type, type.GetGenericTypeDefinition()] : [type];
        IEnumerable<object?> keys = key is null ? [key] : [key, KeyedService.AnyKey];
        return types.SelectMany(type => keys.Select(key => _index.Value[(type, key)].LastOrDefault().Service)).FirstOrDefault(static service => service is not null);
    }

    // In their order, with those of an open type that can be closed.
    private List<ServiceDescriptor> FindEach(Type type, object? key)
    {
        var found = _index.Value[(type, key)];
        return type.IsConstructedGenericType
            ? [.. found.Concat(_index.Value[(type.GetGenericTypeDefinition(), key)].Where(open => ImplementationOf(open.Service, type) is not null)).OrderBy(static at => at.Index).Select(static at => at.Service)]
            : [.. found.Select(static at => at.Service)];
    }
}
