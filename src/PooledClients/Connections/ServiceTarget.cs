using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Connections;

/// <summary>Reads an address whose endpoints somebody resolves: its scheme may be the resolver's, its host a service's name.</summary>
internal static class ServiceTarget
{
    private const string DnsScheme = "dns";

    /// <summary>Whether the scheme asks for DNS by itself.</summary>
    public static bool IsDns(Uri? uri) => uri is { IsAbsoluteUri: true, Scheme: DnsScheme };

    /// <summary>Whether the scheme is one of service discovery's: whichever of two schemes the service is found by.</summary>
    public static bool IsDiscovered(Uri? uri) => uri is { IsAbsoluteUri: true, Scheme: "https+http" or "http+https" };

    /// <summary>What calls are addressed to and certificates are verified for: <c>http</c> where the address says so, TLS for all other schemes.</summary>
    public static bool TryParse(Uri? uri, [NotNullWhen(true)] out ServiceAddress? address, [NotNullWhen(false)] out string? reason)
    {
        address = null;
        if (uri is null || !uri.IsAbsoluteUri)
        {
            return ServiceAddress.TryParse(uri, out address, out reason);
        }

        if (uri.Scheme == "unix")
        {
            reason = $"'{uri.Scheme}:' names one socket, which nobody has to find; leave {nameof(PooledGrpcClientOptions.Endpoints)} out.";
            return false;
        }

        if (AddressText.HasUserInfo(uri.OriginalString))
        {
            reason = AddressText.UserInfoRefused(uri.OriginalString);
            return false;
        }

        // dns:///host:port has no authority: its path is the target. With one it would name the DNS server to ask.
        var hasAuthority = uri.Host.Length > 0;
        if (IsDns(uri) && hasAuthority)
        {
            reason = $"'{uri.Scheme}://{uri.Host}' names a DNS server to ask, which is not supported; write dns:///host:port.";
            return false;
        }

        // Of a scheme that is a resolver's of the application's, the rest is the resolver's too.
        var isOurs = IsDns(uri) || IsDiscovered(uri) || uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps;
        var path = IsDns(uri) ? uri.AbsolutePath.TrimStart('/') : uri.AbsolutePath;
        if (isOurs && (uri.Query.Length > 0 || uri.Fragment.Length > 0 || (IsDns(uri) ? path.Contains('/') : path.Length > 1)))
        {
            reason = AddressText.PathRefused(IsDns(uri) ? $"dns:///{AddressText.Print(path)}" : AddressText.Print(uri.OriginalString));
            return false;
        }

        var target = hasAuthority ? uri.Authority : uri.AbsolutePath.TrimStart('/');

        // Service discovery names one of a service's endpoints as "_endpoint.service", which no certificate does.
        target = target.StartsWith('_') ? target[(target.IndexOf('.', StringComparison.Ordinal) + 1)..] : target;
        var scheme = uri.Scheme == Uri.UriSchemeHttp ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        if (target.Length == 0 || !Uri.TryCreate($"{scheme}://{target}", UriKind.Absolute, out var service))
        {
            reason = $"an address of the scheme '{uri.Scheme}' has to name a host; write {uri.Scheme}:{(IsDns(uri) ? "///host:port" : "//name")}.";
            return false;
        }

        return ServiceAddress.TryParse(service, out address, out reason);
    }
}
