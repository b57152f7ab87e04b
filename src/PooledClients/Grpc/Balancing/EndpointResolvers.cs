using System.Diagnostics.CodeAnalysis;
using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Connections.Endpoints.Sets;

namespace PooledClients.Grpc.Balancing;

/// <summary>Finds who resolves a client's address, from its options and from what the application has registered.</summary>
internal sealed class EndpointResolvers(IServiceProvider services) : IDisposable
{
    private readonly Lazy<BalancerResolverPool> _balancers = new(() => new BalancerResolverPool(services));

    /// <summary>Which kind it is: an address of the scheme <c>dns</c>, or one of a registered <see cref="ResolverFactory"/>, needs no option.</summary>
    public EndpointResolver KindOf(EndpointOptions options, Uri? address, bool hasCustom)
        => options.Resolver != EndpointResolver.None ? options.Resolver
        : hasCustom || FactoryOf(address) is not null ? EndpointResolver.Custom
        : ServiceTarget.IsDns(address) ? EndpointResolver.Dns
        : ServiceTarget.IsDiscovered(address) ? EndpointResolver.ServiceDiscovery
        : EndpointResolver.None;

    /// <summary>Whether there is a resolver of the kind.</summary>
    public bool Has(EndpointResolver kind, Uri? address, bool hasCustom) => kind switch
    {
        EndpointResolver.ServiceDiscovery => services.GetKeyedService<IEndpointResolver>(kind) is not null,
        EndpointResolver.Custom => hasCustom || FactoryOf(address) is not null,
        _ => true,
    };

    /// <summary>Reads an address, which may be of a resolver's scheme where there is one.</summary>
    public bool TryParse(EndpointOptions options, Uri? address, bool hasCustom, [NotNullWhen(true)] out ServiceAddress? service, [NotNullWhen(false)] out string? reason)
        => KindOf(options, address, hasCustom) == EndpointResolver.None
            ? ServiceAddress.TryParse(address, out service, out reason)
            : ServiceTarget.TryParse(address, out service, out reason);

    /// <summary>How the endpoints are found and picked; <see langword="null"/> where the address is one endpoint.</summary>
    public EndpointSettings? Create(EndpointOptions options, Uri address, ServiceAddress service, IEndpointResolver? custom)
    {
        var kind = KindOf(options, address, custom is not null);
        var resolver = kind switch
        {
            EndpointResolver.None => null,
            EndpointResolver.Dns => new DnsResolver(service.Host, service.Port, services.GetRequiredService<NameLookup>()),
            EndpointResolver.Static => new StaticResolver([.. options.Addresses.Select(text => EndPointText.TryParse(text, service.Port, out var endPoint) ? endPoint : throw new FormatException(AddressText.Print(text)))]),
            EndpointResolver.ServiceDiscovery => services.GetRequiredKeyedService<IEndpointResolver>(kind),
            _ => custom ?? _balancers.Value.Get(address),
        };
        return resolver is null ? null : EndpointSettings.From(options, resolver, address);
    }

    public void Dispose()
    {
        if (_balancers.IsValueCreated)
        {
            _balancers.Value.Dispose();
        }
    }

    private ResolverFactory? FactoryOf(Uri? address) => address is { IsAbsoluteUri: true }
        ? services.GetServices<ResolverFactory>().FirstOrDefault(factory => string.Equals(factory.Name, address.Scheme, StringComparison.OrdinalIgnoreCase))
        : null;
}
