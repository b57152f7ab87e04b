using Grpc.Core;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Statuses;

/// <summary>What the judge says to a gRPC call, in gRPC's own types.</summary>
internal static class GrpcFailure
{
    /// <summary>What an answer says about the server: one that says it is unavailable counts as none.</summary>
    public static RequestOutcome Classify(HttpResponseMessage response) => Classify(GrpcAnswer.StatusOf(response));

    /// <summary>What the status of an answer without a message says about the server.</summary>
    public static RequestOutcome Classify(StatusCode? status) => status is { } code ? FailureClassifier.Classify(code).Breaker : RequestOutcome.Answered;

    /// <summary>What a failed request says about the server. One that cannot be reached is spared by the spacing of dials, which is over sooner than a break.</summary>
    public static RequestOutcome Classify(Exception exception) => FailureClassifier.Classify(exception) is { IsConnect: false } failure ? failure.Breaker : RequestOutcome.Ignored;
}
