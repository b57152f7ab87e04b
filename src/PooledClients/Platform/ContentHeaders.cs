using System.Net.Http.Headers;

namespace PooledClients.Platform;

/// <summary>Gives one content the headers of another, as they came: the headers themselves, or copies where this .NET keeps them elsewhere.</summary>
internal static class ContentHeaders
{
    public static void Give(HttpContent from, HttpContent to)
    {
        if (!RuntimeContracts.TryGiveHeaders(from, to))
        {
            to.Headers.AddAsTheyCame(from.Headers.NonValidated);
        }
    }

    /// <summary>Adds headers with their values as they came, whatever these are.</summary>
    public static void AddAsTheyCame(this HttpHeaders to, IEnumerable<KeyValuePair<string, HeaderStringValues>> headers)
    {
        foreach (var (name, values) in headers)
        {
            to.TryAddWithoutValidation(name, values);
        }
    }
}
