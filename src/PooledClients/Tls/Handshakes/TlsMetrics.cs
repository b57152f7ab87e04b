using System.Diagnostics;
using System.Diagnostics.Metrics;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// The instruments of TLS, on the library's meter. The handshakes' names are those of gRFC A118; its target is the connection's address.
/// </summary>
internal sealed class TlsMetrics
{
    private readonly TimeProvider _timeProvider;
    private readonly CertificateInventory _inventory;
    private readonly Counter<long> _handshakes;
    private readonly Counter<long> _reloads;

    public TlsMetrics(IMeterFactory meterFactory, TimeProvider timeProvider, CertificateInventory inventory)
    {
        _timeProvider = timeProvider;
        _inventory = inventory;
        var meter = meterFactory.Create("PooledClients");
        _handshakes = meter.CreateCounter<long>("grpc.client.tls.handshakes", "{handshake}", "TLS handshakes of clients, by result.");
        _reloads = meter.CreateCounter<long>(
            "pooledclients.tls.reloads", "{reload}", "Changes of CA files and client certificates, by whether they could be used.");
        meter.CreateObservableGauge(
            "pooledclients.tls.certificate.time_to_expiry", ObserveExpiry, "s", "How long each certificate in use stays valid; negative once it expired.");
    }

    public void RecordHandshake(string target, string result, bool? resumed)
    {
        if (!_handshakes.Enabled)
        {
            return;
        }

        var tags = new TagList
        {
            { "grpc.tls.handshake.result", result },
            { "grpc.target", target },
        };
        if (resumed is { } known)
        {
            tags.Add("grpc.tls.handshake.resumed", known ? "RESUMED_HANDSHAKE" : "FULL_HANDSHAKE");
        }

        _handshakes.Add(1, tags);
    }

    /// <param name="kind"><c>ca</c> or <c>client</c>.</param>
    /// <param name="good">Whether the change is in use.</param>
    public void RecordReload(string kind, bool good)
    {
        if (_reloads.Enabled)
        {
            _reloads.Add(
                1,
                new KeyValuePair<string, object?>("pooledclients.tls.material", kind),
                new KeyValuePair<string, object?>("pooledclients.tls.result", good ? "used" : "refused"));
        }
    }

    private IEnumerable<Measurement<double>> ObserveExpiry()
    {
        var now = _timeProvider.GetUtcNow();
        return _inventory.Capture().Select(certificate => new Measurement<double>(
            certificate.Remaining(now).TotalSeconds,
            new KeyValuePair<string, object?>("pooledclients.tls.certificate.use", UseName(certificate.Use)),
            new KeyValuePair<string, object?>("pooledclients.tls.certificate.source", certificate.Source),
            new KeyValuePair<string, object?>("pooledclients.tls.certificate.thumbprint", certificate.Thumbprint)));
    }

    private static string UseName(CertificateUse use) => use switch
    {
        CertificateUse.Identity => "identity",
        CertificateUse.Server => "server",
        _ => "authority",
    };
}
