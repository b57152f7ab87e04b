using PooledClients.Grpc.ServiceConfigs;

namespace PooledClients.Grpc.Methods;

/// <summary>What a service config says and a client does not do, or does otherwise.</summary>
internal static class ServiceConfigWarnings
{
    /// <summary>Finds one warning for each such part.</summary>
    /// <param name="config">What it says.</param>
    /// <param name="contract">The methods that the client has.</param>
    /// <param name="mostAttempts">The client's own limit on attempts.</param>
    public static IEnumerable<string> Of(ServiceConfig config, Idempotency contract, int mostAttempts)
    {
        var lowered =
            from method in config.Methods
            where method.Config.RetryPolicy?.MaxAttempts > mostAttempts
            group method.Name by method.Config into names
            let policy = $"the retryPolicy of {string.Join(", ", names.Order(StringComparer.Ordinal))}"
            select mostAttempts <= 1
                ? $"{policy} is not taken: Resilience:Retry:MaxAttempts is {mostAttempts}"
                : $"the maxAttempts of {policy}, {names.Key.RetryPolicy!.MaxAttempts}, count as {mostAttempts}: Resilience:Retry:MaxAttempts allows no more";
        var streams =
            from method in contract.Methods
            where method.IsClientStreaming && config.Find(method.Service.FullName, method.Name)?.RetryPolicy is not null
            select $"the retryPolicy of {method.Service.FullName}/{method.Name} is not taken: its requests are a stream, which is handed over once";
        return [.. config.Notes, .. lowered, .. streams];
    }
}
