using System.Collections.Concurrent;
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
    private readonly ConcurrentQueue<Func<IEnumerable<(CertificateUse Use, long Reads)>>> _reads = new();

    public TlsMetrics(IMeterFactory meterFactory, TimeProvider timeProvider, CertificateInventory inventory)
    {
        _timeProvider = timeProvider;
        _inventory = inventory;
        var meter = meterFactory.Create("PooledClients");
        _handshakes = meter.CreateCounter<long>("grpc.client.tls.handshakes", "{handshake}", "TLS handshakes of clients, by result.");
        _reloads = meter.CreateCounter<long>(
            "pooledclients.tls.reloads", "{reload}", "Changes of CA files and client certificates, by whether they could be used.");
        meter.CreateObservableCounter("pooledclients.tls.reads", ObserveReads, "{read}", "Contents of CA files and client certificates that were read: one each, and one more a change.");
        meter.CreateObservableGauge(
            "pooledclients.tls.certificate.time_to_expiry", ObserveExpiry, "s", "How long the certificate of a use and source that ends first stays valid; negative once it expired.");
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

    /// <summary>Adds what tells how often files were read, asked when somebody collects.</summary>
    public void ObserveReads(Func<IEnumerable<(CertificateUse Use, long Reads)>> read) => _reads.Enqueue(read);

    private IEnumerable<Measurement<long>> ObserveReads() => _reads.SelectMany(static read => read())
        .GroupBy(static files => files.Use, static (use, files) => new Measurement<long>(
            files.Sum(static file => file.Reads), new KeyValuePair<string, object?>("pooledclients.tls.material", use == CertificateUse.Identity ? "client" : "ca")));

    // No thumbprint, which would begin a series with each rotation.
    private IEnumerable<Measurement<double>> ObserveExpiry()
    {
        var now = _timeProvider.GetUtcNow();
        return _inventory.Capture().GroupBy(static certificate => (certificate.Use, certificate.Source), (key, certificates) => new Measurement<double>(
            certificates.Min(certificate => certificate.Remaining(now).TotalSeconds),
            new KeyValuePair<string, object?>("pooledclients.tls.certificate.use", UseName(key.Use)),
            new KeyValuePair<string, object?>("pooledclients.tls.certificate.source", key.Source)));
    }

    private static string UseName(CertificateUse use) => use switch
    {
        CertificateUse.Identity => "identity",
        CertificateUse.Server => "server",
        _ => "authority",
    };
}
