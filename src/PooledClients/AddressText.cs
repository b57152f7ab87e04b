using System.Buffers;

namespace PooledClients;

/// <summary>
/// What may be said of an address in an error: its scheme, host and port. The rest may hold a password or a token. It works on the text
/// alone, for what does not parse may hold them too.
/// </summary>
internal static class AddressText
{
    private static readonly SearchValues<char> AuthorityEnds = SearchValues.Create(" /\"?#\t\r\n");

    private const string Hidden = "(not shown)";

    /// <summary>Whether a user name, and perhaps a password, stands in front of the host.</summary>
    public static bool HasUserInfo(string address) => Split(address) is var parts && (parts.Authority.Contains('@') || parts.Tail.Contains('@'));

    public static string Print(string address)
    {
        var (scheme, authority, tail) = Split(address);

        // Past the authority it may be a password's, one with a slash in it, and then the authority is the first half of it.
        var host = tail.Contains('@') ? Hidden : authority[(authority.LastIndexOf('@') + 1)..];
        return new string([.. (scheme + host).Where(static character => !char.IsControl(character))]);
    }

    /// <summary>What is said of an address with a user name in it.</summary>
    public static string UserInfoRefused(string address) =>
        $"the address of '{Print(address)}' has a user name or password in it, which is not supported: take it out and send credentials with AddCallCredentials, or in a header of HTTP requests.";

    /// <summary>What is said of a gRPC address with more than a host and a port.</summary>
    /// <param name="shown">The rest of it, as above.</param>
    public static string PathRefused(string shown) =>
        $"the address of '{shown}' has a path or query, which gRPC would not send; leave it out, or add a message handler that rewrites the path.";

    /// <summary>A text of others', such as an exception's, without the user names and passwords of the addresses in it: the same where it has none.</summary>
    public static string WithoutUserInfo(string text)
    {
        if (!text.Contains('@'))
        {
            return text;
        }

        for (var slashes = text.IndexOf("://", StringComparison.Ordinal); slashes >= 0; slashes = text.IndexOf("://", slashes + 1, StringComparison.Ordinal))
        {
            var start = slashes + 3;
            var end = text.AsSpan(start).IndexOfAny(AuthorityEnds);
            var authority = end < 0 ? text[start..] : text.Substring(start, end);
            text = text.Remove(start, authority.LastIndexOf('@') + 1);
        }

        return text;
    }

    /// <summary>A configuration value for an error: an address as above, anything else as it is.</summary>
    public static string PrintValue(string value) =>
        value.Contains("://", StringComparison.Ordinal) || value.Contains('@') ? Print(value) : value;

    private static (string Scheme, string Authority, string Tail) Split(string address)
    {
        if (address.StartsWith("unix:", StringComparison.OrdinalIgnoreCase))
        {
            return (string.Empty, address.Split('?', '#')[0].Replace("@", "%40", StringComparison.Ordinal), string.Empty);
        }

        var slashes = address.IndexOf("://", StringComparison.Ordinal);
        var start = slashes < 0 ? 0 : slashes + 3;
        var end = address.AsSpan(start).IndexOfAny(@"/\?#");
        end = end < 0 ? address.Length : start + end;
        return (address[..start], address[start..end], address[end..]);
    }
}
