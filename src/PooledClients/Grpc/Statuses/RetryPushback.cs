using System.Globalization;
using Grpc.Core;

namespace PooledClients.Grpc.Statuses;

/// <summary>What a server says about another attempt (gRFC A6): when, or not at all.</summary>
internal readonly record struct RetryPushback(bool Forbidden, TimeSpan? Delay)
{
    public const string Trailer = "grpc-retry-pushback-ms";

    public static RetryPushback From(Metadata trailers) => trailers.GetValue(Trailer) switch
    {
        null => default,

        // A negative number forbids it, and so does what is no number.
        { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            => new RetryPushback(false, TimeSpan.FromMilliseconds(milliseconds)),
        _ => new RetryPushback(true, null),
    };
}
