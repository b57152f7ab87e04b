using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using PooledClients.Connections;

namespace PooledClients.Testing;

/// <summary>Takes out of the options what a client in memory does not use, so that nothing of it is validated.</summary>
internal sealed class UnusedOptions : IPostConfigureOptions<PooledGrpcClientOptions>, IPostConfigureOptions<PooledHttpClientOptions>
{
    // Secure, for credentials are sent to no other; nobody is asked who that is.
    private static readonly Uri Nowhere = new("https://localhost");

    public void PostConfigure(string? name, PooledGrpcClientOptions options)
    {
        Reset(options.Tls);
        Reset(options.Endpoints.Ejection);
        Reset(options.Endpoints);
        options.Endpoints.Addresses.Clear();
        options.WarmUp = false;
        options.Address = Authority(options.Address) ?? Nowhere;
    }

    public void PostConfigure(string? name, PooledHttpClientOptions options)
    {
        Reset(options.Tls);
        Reset(options.Endpoints.Ejection);
        Reset(options.Endpoints);
        options.Endpoints.Addresses.Clear();
        options.BaseAddress = options.BaseAddress is { IsAbsoluteUri: true } address && IsHttp(address) ? address
            : Authority(options.BaseAddress) is { } authority ? new Uri(authority, options.BaseAddress!.Host.Length > 0 ? options.BaseAddress.PathAndQuery : "/")
            : Nowhere;
    }

    // Of whichever scheme: what would be asked for the service's endpoints is not asked.
    private static Uri? Authority(Uri? address) => address is { IsAbsoluteUri: true, Scheme: not "unix" } && ServiceTarget.TryParse(WithoutPath(address), out var service, out _) ? service.ChannelAddress : null;

    private static Uri WithoutPath(Uri address) => address.Host.Length > 0 ? new Uri($"{address.Scheme}://{address.Authority}") : address;

    private static bool IsHttp(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp;

    private static void Reset<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] TOptions>(TOptions options)
        where TOptions : new()
    {
        var defaults = new TOptions();
        foreach (var property in typeof(TOptions).GetProperties().Where(static property => property.CanWrite))
        {
            property.SetValue(options, property.GetValue(defaults));
        }
    }
}
