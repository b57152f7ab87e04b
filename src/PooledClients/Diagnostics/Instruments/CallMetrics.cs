using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics.Instruments;

/// <summary>The instruments of gRPC calls and their attempts: those of gRFC A66 and A96, and what a call waits for in front.</summary>
internal sealed class CallMetrics
{
    public CallMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        AttemptsStarted = meter.CreateCounter<long>("grpc.client.attempt.started", "{attempt}", "Attempts of calls that were begun.");
        AttemptDuration = meter.CreateHistogram("grpc.client.attempt.duration", "s", "How long attempts of calls took, from their beginning to their status.", advice: Buckets.Latency);
        SentSize = meter.CreateHistogram(
            "grpc.client.attempt.sent_total_compressed_message_size", "By", "The messages that an attempt sent: compressed, without framing.", advice: Buckets.Sizes);
        ReceivedSize = meter.CreateHistogram(
            "grpc.client.attempt.rcvd_total_compressed_message_size", "By", "The messages that an attempt received: compressed, without framing.", advice: Buckets.Sizes);
        CallDuration = meter.CreateHistogram("grpc.client.call.duration", "s", "How long calls took for the application.", advice: Buckets.Latency);
        Retries = meter.CreateHistogram("grpc.client.call.retries", "{retry}", "Retries of a call that had any.", advice: Buckets.Attempts);
        TransparentRetries = meter.CreateHistogram(
            "grpc.client.call.transparent_retries", "{transparent_retry}", "How often a call was sent again that had provably not been processed, where it was.", advice: Buckets.TransparentAttempts);
        Hedges = meter.CreateHistogram("grpc.client.call.hedges", "{hedge}", "Attempts beside the first of a hedged call that had any.", advice: Buckets.Attempts);
        RetryDelay = meter.CreateHistogram("grpc.client.call.retry_delay", "s", "How long a call that was retried was without an attempt.", advice: Buckets.Latency);
        Waits = meter.CreateHistogram("pooledclients.call.wait.duration", "s", "How long calls waited in front of the transport, by what for.", advice: Buckets.Waits);
        DeadlinesExceeded = meter.CreateCounter<long>("pooledclients.deadline_exceeded", "{call}", "Calls that ended by their deadline, by what they were waiting for.");
    }

    public Counter<long> AttemptsStarted { get; }

    public Histogram<double> AttemptDuration { get; }

    public Histogram<long> SentSize { get; }

    public Histogram<long> ReceivedSize { get; }

    public Histogram<double> CallDuration { get; }

    public Histogram<long> Retries { get; }

    public Histogram<long> TransparentRetries { get; }

    public Histogram<long> Hedges { get; }

    public Histogram<double> RetryDelay { get; }

    public Histogram<double> Waits { get; }

    public Counter<long> DeadlinesExceeded { get; }

    /// <summary>Whether somebody listens to what has to be followed from a call's beginning to its end.</summary>
    public bool FollowsCalls => CallDuration.Enabled || AttemptDuration.Enabled || AttemptsStarted.Enabled || Retries.Enabled || TransparentRetries.Enabled
        || Hedges.Enabled || RetryDelay.Enabled || MeasuresSizes;

    public bool MeasuresSizes => SentSize.Enabled || ReceivedSize.Enabled;
}
