using Grpc.Core;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Bench;

/// <summary>The options of a call, the same for every contender.</summary>
internal static class Calls
{
    public static CallOptions Options(GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        return new CallOptions(deadline: DateTime.UtcNow.AddSeconds(settings.DeadlineSeconds), cancellationToken: cancellationToken)
            .WithWaitForReady(settings.WaitForReady);
    }
}
