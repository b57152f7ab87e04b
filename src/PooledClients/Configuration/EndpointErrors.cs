using System.Text;

namespace PooledClients.Configuration;

/// <summary>What is wrong with the endpoints of a client.</summary>
internal static class EndpointErrors
{
    private const string Prefix = $"{nameof(PooledGrpcClientOptions.Endpoints)}:";

    /// <param name="errors">Where what is wrong is told.</param>
    /// <param name="options">The options.</param>
    /// <param name="kind">Who resolves, by the options and the address.</param>
    /// <param name="isEndPoint">Whether a text is an endpoint's.</param>
    /// <param name="hasResolver">Whether there is a resolver of that kind.</param>
    /// <param name="hasCustom">Whether the client was given one in code.</param>
    public static void CheckEndpoints(
        this OptionsErrors errors, EndpointOptions options, EndpointResolver kind, Func<string, bool> isEndPoint, bool hasResolver, bool hasCustom = false)
    {
        if (!Enum.IsDefined(options.Policy))
        {
            errors.Add(Prefix + nameof(options.Policy), $"'{options.Policy}' is no policy; use one of {string.Join(", ", Enum.GetNames<EndpointPolicy>())}.");
        }

        if (!Enum.IsDefined(options.Resolver))
        {
            errors.Add(Prefix + nameof(options.Resolver), $"'{options.Resolver}' is no resolver; use one of {string.Join(", ", Enum.GetNames<EndpointResolver>())}.");
            return;
        }

        if (kind == EndpointResolver.None && options.Policy != default)
        {
            errors.Add(Prefix + nameof(options.Policy), $"'{options.Policy}' picks among endpoints, and the address is one; set {Prefix}{nameof(options.Resolver)}, or leave it out.");
        }

        if (hasCustom && kind != EndpointResolver.Custom)
        {
            errors.Add(Prefix + nameof(options.Resolver), $"'{options.Resolver}' is set, and AddEndpointResolver gives the client a resolver of its own; leave one of them out.");
        }

        CheckResolver(errors, options, isEndPoint, hasResolver);
        errors.CheckTime(Prefix + nameof(options.RefreshInterval), options.RefreshInterval, mayBeInfinite: false, atLeast: TimeSpan.FromSeconds(1));
        errors.CheckPositive(Prefix + nameof(options.MaxEndpoints), options.MaxEndpoints);
        if (options.SlowStart != TimeSpan.Zero)
        {
            errors.CheckTime(Prefix + nameof(options.SlowStart), options.SlowStart, mayBeInfinite: false);
        }

        if (options.HealthCheck is { } service && Encoding.UTF8.GetByteCount(service) > 127)
        {
            errors.Add(Prefix + nameof(options.HealthCheck), "it is longer than 127 bytes; name a service, such as search.v1.Search.");
        }

        CheckEjection(errors, options.Ejection);
    }

    private static void CheckResolver(OptionsErrors errors, EndpointOptions options, Func<string, bool> isEndPoint, bool hasResolver)
    {
        var key = Prefix + nameof(options.Addresses);
        if (options.Resolver == EndpointResolver.Static && options.Addresses.Count == 0)
        {
            errors.Add(key, $"{nameof(EndpointResolver.Static)} endpoints have no address; add at least one host:port.");
        }
        else if (options.Resolver != EndpointResolver.Static && options.Addresses.Count > 0)
        {
            errors.Add(key, $"addresses are set, but the resolver is {options.Resolver}; set {Prefix}{nameof(options.Resolver)} to {nameof(EndpointResolver.Static)}, or leave them out.");
        }

        foreach (var address in options.Addresses.Where(address => !isEndPoint(address)))
        {
            errors.Add(key, $"'{AddressText.Print(address)}' is no host:port; write 10.0.0.1:9101, [::1]:9101 or a.internal:9101, without a scheme.");
        }

        if (!hasResolver)
        {
            errors.Add(Prefix + nameof(options.Resolver), options.Resolver == EndpointResolver.ServiceDiscovery
                ? "no service discovery is registered; add the package PooledClients.ServiceDiscovery and services.AddPooledClientsServiceDiscovery()."
                : "no resolver is registered; add one with AddEndpointResolver, or a ResolverFactory of Grpc.Net.Client for the scheme of the address.");
        }
    }

    private static void CheckEjection(OptionsErrors errors, EndpointEjectionOptions options)
    {
        const string prefix = $"{Prefix}{nameof(EndpointOptions.Ejection)}:";
        errors.CheckPositive(prefix + nameof(options.ConsecutiveFailures), options.ConsecutiveFailures);
        errors.CheckTime(prefix + nameof(options.BaseTime), options.BaseTime, mayBeInfinite: false);
        errors.CheckTime(prefix + nameof(options.MaxTime), options.MaxTime, mayBeInfinite: false, atLeast: options.BaseTime);
        if (!(options.FailureRatio is > 0 and <= 1))
        {
            errors.Add(prefix + nameof(options.FailureRatio), $"{options.FailureRatio} is no share of the calls; set 0.5 for half.");
        }

        if (!(options.MaxEjectedRatio is >= 0 and < 1))
        {
            errors.Add(prefix + nameof(options.MaxEjectedRatio), $"{options.MaxEjectedRatio} would leave no endpoint; set 0.5 for half at most.");
        }
    }
}
