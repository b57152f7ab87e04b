using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Connections;

/// <summary>Where a service is, in one spelling: equal addresses are one address.</summary>
/// <param name="Scheme"><c>https</c>, <c>http</c> or <c>unix</c>.</param>
/// <param name="Host">The host in lower case as it is looked up; for <c>unix</c> the socket's path.</param>
/// <param name="Port">The port; 0 for <c>unix</c>.</param>
internal sealed record ServiceAddress(string Scheme, string Host, int Port)
{
    private const string UnixScheme = "unix";

    private const string Expected = "set an absolute https://host:port or http://host:port address, or unix:/path";

    public bool IsSecure => Scheme == Uri.UriSchemeHttps;

    public bool IsUnix => Scheme == UnixScheme;

    /// <summary>What a channel is made for. A Unix socket has no authority of its own, so it goes by <c>localhost</c>.</summary>
    public Uri ChannelAddress => IsUnix ? new Uri("http://localhost") : new UriBuilder(Scheme, Host, Port).Uri;

    public static bool TryParse(Uri? uri, [NotNullWhen(true)] out ServiceAddress? address, [NotNullWhen(false)] out string? reason)
    {
        address = null;
        var shown = uri is null ? null : AddressText.Print(uri.OriginalString);
        reason = uri switch
        {
            null => $"no address is set; {Expected}.",
            _ when AddressText.HasUserInfo(uri.OriginalString) => AddressText.UserInfoRefused(uri.OriginalString),
            { IsAbsoluteUri: false } => $"'{shown}' is relative; {(IsHost(shown!) ? Meant(shown!) : Expected + ".")}",
            { Scheme: UnixScheme } when !uri.AbsolutePath.StartsWith('/') || uri.AbsolutePath.Length < 2 || uri.Host.Length > 0
                => $"'{shown}' names no absolute socket path; write unix:/path/to.sock.",
            { Scheme: UnixScheme } => null,
            _ when uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp => NotSupported(uri, shown!),
            { Host: "" } => $"'{shown}' has no host; {Expected}.",
            _ when uri.PathAndQuery != "/" || uri.Fragment.Length > 0
                => AddressText.PathRefused(shown!),
            _ => null,
        };

        if (reason is not null)
        {
            return false;
        }

        address = uri!.Scheme == UnixScheme
            ? new ServiceAddress(UnixScheme, Uri.UnescapeDataString(uri.AbsolutePath), 0)
            : OfRequest(uri);
        return true;
    }

    /// <summary>The Unix socket that an address names; <see langword="null"/> where it names none.</summary>
    public static ServiceAddress? SocketOf(Uri? uri) => TryParse(uri, out var address, out _) && address.IsUnix ? address : null;

    /// <summary>Where a request goes by its own address, an absolute one of <c>http</c> or <c>https</c>, in the spelling that a service at it has.</summary>
    public static ServiceAddress OfRequest(Uri uri) => new(uri.Scheme, uri.IdnHost.ToLowerInvariant().TrimEnd('.'), uri.Port);

    /// <summary>Whether a request to this address goes here.</summary>
    public bool IsAt(Uri uri) => IsUnix || (Port == uri.Port && Host == uri.IdnHost && Scheme == uri.Scheme);

    public override string ToString() => IsUnix ? $"{UnixScheme}:{Host}" : ChannelAddress.GetLeftPart(UriPartial.Authority);

    // "localhost:5000" is an absolute Uri of scheme "localhost": the usual slip, so it gets a hint of its own.
    private static string NotSupported(Uri uri, string shown) => uri.Host.Length == 0 && int.TryParse(uri.AbsolutePath.Split('/')[0], out _)
        ? $"'{shown}' has the scheme '{uri.Scheme}'; {Meant(shown)}"
        : $"'{shown}' has the scheme '{uri.Scheme}'; {Expected}.";

    // A name with a dot in it, an address, or either with a port.
    private static bool IsHost(string shown) => shown.AsSpan().IndexOfAny('.', ':') > 0 && Uri.TryCreate($"https://{shown}", UriKind.Absolute, out var meant) && meant.Host.Length > 0;

    private static string Meant(string shown) => $"did you mean https://{shown}?";
}
