using System.Globalization;

namespace PooledClients.Grpc.Telemetry;

/// <summary>A client's options as diagnostics tell them: by their configuration keys, without those that are not set, and without a secret.</summary>
internal static class OptionsInForce
{
    public static IReadOnlyDictionary<string, string> Of(PooledGrpcClientOptions options)
    {
        var told = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add("Deadline", options.Deadline);
        Add("StreamingDeadline", options.StreamingDeadline);
        Add("WaitForReady", options.WaitForReady);
        Add("WarmUp", options.WarmUp);
        Add("ServiceConfig", options.ServiceConfig is null ? null : "set");
        Add("MaxReceiveMessageSize", options.MaxReceiveMessageSize);
        Add("MaxSendMessageSize", options.MaxSendMessageSize);
        Add("Admission:Mode", options.Admission.Mode);
        Add("Admission:MaxCallsInFlight", options.Admission.Mode == AdmissionMode.Fixed ? options.Admission.MaxCallsInFlight : null);
        Add("Connection:ConnectTimeout", options.Connection.ConnectTimeout);
        Add("Connection:Lifetime", options.Connection.Lifetime);
        Add("Connection:IdleTimeout", options.Connection.IdleTimeout);
        Add("Connection:DeadPeerTimeout", options.Connection.DeadPeerTimeout);
        Add("Connection:KeepAlivePingDelay", options.Connection.KeepAlivePingDelay);
        Add("Connection:MaxConnections", options.Connection.MaxConnections);
        Add("Resilience:Retry:MaxAttempts", options.Resilience.Retry.Attempts);
        var budget = options.Resilience.RetryBudget;
        Add("Resilience:RetryBudget:Ratio", budget.Enabled ? budget.Ratio : null);
        Add("Resilience:RetryBudget:PerSecond", budget.Enabled ? budget.PerSecond : null);
        Add("Resilience:Breaker:FailureRatio", options.Resilience.Breaker is { Enabled: true } breaker ? breaker.FailureRatio : null);
        Add("Resilience:Hedging:Delay", options.Resilience.Hedging.Delay);

        // Of trust and identity, where they are read from; of a key only that there is one.
        Add("Tls:CaCertificatePath", options.Tls.CaCertificatePath);
        Add("Tls:CaCertificatePem", options.Tls.CaCertificatePem is null ? null : "set");
        Add("Tls:ClientCertificatePath", options.Tls.ClientCertificatePath);
        Add("Tls:ClientKeyPath", options.Tls.ClientKeyPath is null ? null : "set");
        Add("Tls:ClientKeyPassword", options.Tls.ClientKeyPassword is null ? null : "set");
        Add("Tls:RevocationMode", options.Tls.RevocationMode);
        foreach (var (name, method) in options.Methods)
        {
            Add($"Methods:{name}:Deadline", method.Deadline);
            Add($"Methods:{name}:WaitForReady", method.WaitForReady);
            Add($"Methods:{name}:Idempotent", method.Idempotent);
        }

        return told;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                told[name] = value is TimeSpan time && time == Timeout.InfiniteTimeSpan ? "infinite" : Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }
    }
}
