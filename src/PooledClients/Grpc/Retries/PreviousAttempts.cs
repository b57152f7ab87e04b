using System.Globalization;
using Grpc.Core;

namespace PooledClients.Grpc.Retries;

/// <summary>Tells the server how many attempts of the call came before (gRFC A6).</summary>
internal static class PreviousAttempts
{
    public const string Header = "grpc-previous-rpc-attempts";

    /// <summary>A copy of a call's headers with the number of attempts before; the caller's own are never changed.</summary>
    public static Metadata AddTo(Metadata? headers, int attempts)
    {
        var copy = new Metadata();
        foreach (var entry in headers ?? [])
        {
            copy.Add(entry);
        }

        copy.Add(Header, attempts.ToString(CultureInfo.InvariantCulture));
        return copy;
    }

    /// <summary>Whether there were attempts before this request.</summary>
    public static bool AreOf(HttpRequestMessage request) => request.Headers.NonValidated.Contains(Header);

    /// <summary>Has a request tell the number of attempts before.</summary>
    public static void AddTo(HttpRequestMessage request, int attempts)
    {
        request.Headers.Remove(Header);
        request.Headers.TryAddWithoutValidation(Header, attempts.ToString(CultureInfo.InvariantCulture));
    }
}
