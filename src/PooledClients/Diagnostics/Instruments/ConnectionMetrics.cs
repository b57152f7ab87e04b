using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics.Instruments;

/// <summary>The instruments of connections: how they come to be (ours, for gRPC and HTTP) and what becomes of gRPC's (gRFC A94).</summary>
internal sealed class ConnectionMetrics
{
    private const string Target = "grpc.target";

    private readonly Counter<long> _disconnections;
    private readonly Counter<long> _succeeded;
    private readonly Counter<long> _failed;
    private readonly UpDownCounter<long> _open;
    private readonly Histogram<double> _connects;
    private readonly Counter<long> _replaced;

    public ConnectionMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        _disconnections = meter.CreateCounter<long>("grpc.subchannel.disconnections", "{disconnection}", "Connections that ended, by what was seen first.");
        _succeeded = meter.CreateCounter<long>("grpc.subchannel.connection_attempts_succeeded", "{attempt}", "Connects that came to a connection which can carry calls.");
        _failed = meter.CreateCounter<long>("grpc.subchannel.connection_attempts_failed", "{attempt}", "Connects that failed.");
        _open = meter.CreateUpDownCounter<long>("grpc.subchannel.open_connections", "{connection}", "Connections that are open.");
        _connects = meter.CreateHistogram("pooledclients.connection.connect.duration", "s", "How long each phase of a connect took.", advice: Buckets.Waits);
        _replaced = meter.CreateCounter<long>("pooledclients.generations.replaced", "{generation}", "Generations of handlers that were replaced under live calls, by why.");
    }

    /// <summary>A connect of gRPC's has failed.</summary>
    public void ConnectFailed(string target)
    {
        if (_failed.Enabled)
        {
            _failed.Add(1, new KeyValuePair<string, object?>(Target, target));
        }
    }

    /// <summary>
    /// Whether a connection that opens now counts as one that is open. Who listens later begins with those that open later: an end without a
    /// beginning would make the sum wrong for good.
    /// </summary>
    public bool CountsOpen => _open.Enabled;

    /// <summary>A connection of gRPC's is open.</summary>
    public void Opened(string target, bool isSecure, bool isCounted)
    {
        if (_succeeded.Enabled)
        {
            _succeeded.Add(1, new KeyValuePair<string, object?>(Target, target));
        }

        if (isCounted)
        {
            _open.Add(1, Level(target, isSecure));
        }
    }

    /// <summary>A connection of gRPC's that was open has ended.</summary>
    public void Closed(string target, bool isSecure, bool isCounted, string reason)
    {
        if (isCounted)
        {
            _open.Add(-1, Level(target, isSecure));
        }

        if (_disconnections.Enabled)
        {
            _disconnections.Add(1, new TagList { { Target, target }, { "grpc.disconnect_error", reason } });
        }
    }

    /// <summary>A phase of a connect is over.</summary>
    /// <param name="address">The address.</param>
    /// <param name="kind"><c>grpc</c> or <c>http</c>.</param>
    /// <param name="phase"><c>dns</c>, <c>tcp</c> or <c>tls</c>.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="errorType">How it failed; <see langword="null"/> when it did not.</param>
    public void ConnectPhase(string address, string kind, string phase, TimeSpan duration, string? errorType)
    {
        if (_connects.Enabled)
        {
            var tags = ServerTags.Of(address, "pooledclients.kind", kind);
            tags.Add("pooledclients.phase", phase);
            if (errorType is not null)
            {
                tags.Add("error.type", errorType);
            }

            _connects.Record(duration.TotalSeconds, tags);
        }
    }

    public void GenerationReplaced(string address, string reason)
    {
        if (_replaced.Enabled)
        {
            _replaced.Add(1, ServerTags.Of(address, "pooledclients.reason", reason));
        }
    }

    private static TagList Level(string target, bool isSecure) =>
        new() { { Target, target }, { "grpc.security_level", isSecure ? "privacy_and_integrity" : "none" } };
}
