using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace PooledClients.Testing;

/// <summary>Takes out of the options what a client in memory does not use, so that nothing of it is validated.</summary>
internal sealed class UnusedOptions : IPostConfigureOptions<PooledGrpcClientOptions>, IPostConfigureOptions<PooledHttpClientOptions>
{
    // Secure, for credentials are sent to no other; nobody is asked who that is.
    private static readonly Uri Nowhere = new("https://localhost");

    public void PostConfigure(string? name, PooledGrpcClientOptions options)
    {
        Reset(options.Tls);
        options.WarmUp = false;
        options.Address = options.Address is { IsAbsoluteUri: true } address && IsHttp(address) && address.PathAndQuery == "/" ? address : Nowhere;
    }

    public void PostConfigure(string? name, PooledHttpClientOptions options)
    {
        Reset(options.Tls);
        options.BaseAddress = options.BaseAddress is { IsAbsoluteUri: true } address && IsHttp(address) ? address : Nowhere;
    }

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
