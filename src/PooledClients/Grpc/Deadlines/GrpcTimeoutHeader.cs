using System.Globalization;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Deadlines;

/// <summary>
/// The <c>grpc-timeout</c> header of a request: at most eight digits and a unit. It is written once, when the request is made, so a
/// request that has waited has to be told how much is left.
/// </summary>
internal static class GrpcTimeoutHeader
{
    private const string Name = "grpc-timeout";
    private const long MostDigits = 99_999_999;

    public static TimeSpan? Read(HttpRequestMessage request)
    {
        if (!request.Headers.NonValidated.TryGetValues(Name, out var values))
        {
            return null;
        }

        var value = values.ToString().AsSpan();
        if (value.Length < 2 || !long.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            return null;
        }

        return value[^1] switch
        {
            'n' => TimeSpan.FromTicks(amount / TimeSpan.NanosecondsPerTick),
            'u' => TimeSpan.FromMicroseconds(amount),
            'm' => TimeSpan.FromMilliseconds(amount, 0),
            'S' => TimeSpan.FromSeconds(amount),
            'M' => TimeSpan.FromMinutes(amount),
            'H' => TimeSpan.FromHours(amount),
            _ => null,
        };
    }

    public static void Write(HttpRequestMessage request, TimeSpan timeout)
    {
        // Rounded up: a server that gives up early would end a call that its caller still waits for.
        var milliseconds = Math.Max(1, (long)Math.Ceiling(timeout.TotalMilliseconds));
        var value = milliseconds <= MostDigits
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : (((milliseconds - 1) / 1000) + 1).ToString(CultureInfo.InvariantCulture) + "S";
        request.Headers.Remove(Name);
        request.Headers.TryAddWithoutValidation(Name, value);
    }
}
