using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>Statuses as gRPC's own instruments name them, each made once.</summary>
internal static class StatusNames
{
    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    // A number that a server made up is UNKNOWN, as to gRPC itself.
    public static string Of(StatusCode status) => (int)status is >= 0 and var code && code < Names.Length ? Names[code] : "UNKNOWN";

    public static KeyValuePair<string, object?> Tag(StatusCode status) => new("grpc.status", Of(status));
}
