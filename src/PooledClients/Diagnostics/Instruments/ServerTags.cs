using System.Diagnostics;

namespace PooledClients.Diagnostics.Instruments;

/// <summary>An address as attributes: <c>server.address</c> is a host and <c>server.port</c> a number, as in the runtime's own instruments, so that they join.</summary>
internal static class ServerTags
{
    private const string Unix = "unix:";

    /// <summary>The address that an endpoint of several belongs to; its own is behind it in brackets.</summary>
    public static string ServiceOf(string address) => address.IndexOf(" (", StringComparison.Ordinal) is > 0 and var end ? address[..end] : address;

    public static TagList Of(string address)
    {
        var (host, port) = Split(ServiceOf(address));
        var tags = new TagList { { "server.address", host } };
        if (port is { } number)
        {
            tags.Add("server.port", number);
        }

        return tags;
    }

    public static TagList Of(string address, string name, object? value)
    {
        var tags = Of(address);
        tags.Add(name, value);
        return tags;
    }

    /// <summary>The attributes as an array, for measurements that are told when they are asked for.</summary>
    public static KeyValuePair<string, object?>[] Array(string address, params ReadOnlySpan<KeyValuePair<string, object?>> more) => [.. Of(address), .. more];

    // A transport of HTTP that has no address of its own goes by a word instead.
    private static (string Host, int? Port) Split(string address) =>
        address.StartsWith(Unix, StringComparison.Ordinal) ? (address[Unix.Length..], null)
        : Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? (uri.IdnHost, uri.Port < 0 ? null : uri.Port)
        : (address, null);
}
