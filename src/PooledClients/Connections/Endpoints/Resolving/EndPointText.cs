using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>Reads an endpoint as options name it: <c>host</c>, <c>host:port</c>, <c>[::1]:port</c>.</summary>
internal static class EndPointText
{
    public static bool TryParse(string? text, int defaultPort, [NotNullWhen(true)] out EndPoint? endPoint)
    {
        endPoint = null;

        // A bare IPv6 address has colons of its own; with a port it stands in brackets, and IPAddress would parse that and drop the port.
        if (text?.StartsWith('[') is false && IPAddress.TryParse(text, out var whole) && !IsNumber(text))
        {
            endPoint = new IPEndPoint(whole, defaultPort);
            return true;
        }

        if (string.IsNullOrWhiteSpace(text) || !Uri.TryCreate($"tcp://{text}", UriKind.Absolute, out var uri)
            || uri.UserInfo.Length > 0 || uri.PathAndQuery.Trim('/').Length > 0 || uri.Fragment.Length > 0 || uri.Host.Length == 0 || uri.Port == 0 || IsNumber(text))
        {
            return false;
        }

        var port = uri.Port < 0 ? defaultPort : uri.Port;
        endPoint = IPAddress.TryParse(uri.IdnHost, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(uri.IdnHost, port);
        return true;
    }

    // A port alone would be read as an address: 9101 is 0.0.35.141.
    private static bool IsNumber(string text) => text.AsSpan(text.StartsWith(':') ? 1 : 0).IndexOfAnyExceptInRange('0', '9') < 0;
}
