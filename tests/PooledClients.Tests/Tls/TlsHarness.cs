using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls;

/// <summary>A registry over a folder of its own, with time that the test moves and a log that it reads.</summary>
internal sealed class TlsHarness : IDisposable
{
    private readonly ServiceProvider _services;

    public TlsHarness()
    {
        // The certificates of the tests are made by the real clock.
        Time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _services = new ServiceCollection()
            .AddMetrics()
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<CertificateInventory>()
            .AddSingleton<TlsMetrics>()
            .AddSingleton<TlsRegistry>()
            .AddSingleton<TlsSnapshotSource>()
            .AddLogging(builder => builder.AddFakeLogging())
            .BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; }

    public TempFolder Folder { get; } = new();

    public TlsRegistry Registry => _services.GetRequiredService<TlsRegistry>();

    public CertificateInventory Inventory => _services.GetRequiredService<CertificateInventory>();

    public TlsSnapshotSource Snapshot => _services.GetRequiredService<TlsSnapshotSource>();

    public IReadOnlyList<FakeLogRecord> Log => _services.GetFakeLogCollector().GetSnapshot();

    public string NewestLine => Log[^1].Message;

    /// <summary>A CA bundle as PEM, of new roots with these names.</summary>
    public static string Bundle(params string[] names) =>
        TestCertificates.ToPem(names.Select(static name => TestCertificates.CreateAuthority(name)));

    public TlsContext Context(Action<TlsOptions> configure)
    {
        var options = new TlsOptions();
        configure(options);
        return Registry.GetOrAdd(options);
    }

    /// <summary>Lets the time of one look pass, and of the second that reads what has been still.</summary>
    public void Poll()
    {
        Time.Advance(TimeSpan.FromSeconds(60));
        Time.Advance(WatchedFiles.Settle);
    }

    public void Dispose()
    {
        _services.Dispose();
        Folder.Dispose();
    }
}
