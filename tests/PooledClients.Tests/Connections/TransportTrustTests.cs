using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.Tests.Tls;
using PooledClients.Tls.Files;
using RocksDb.V1;

namespace PooledClients.Tests.Connections;

/// <summary>Trust and identity change at the worst moment: while a handler is being made of them.</summary>
public sealed class TransportTrustTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly X509Certificate2 _authority = TestCertificates.CreateAuthority();
    private readonly List<SocketsHttpHandler> _handlers = [];
    private ServiceProvider? _services;

    private string IdentityPath => _folder.PathOf("client.pem");

    private string AuthorityPath => _folder.PathOf("ca.pem");

    public void Dispose()
    {
        _services?.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Create_IdentityIsReplacedMeanwhile_UsesTheNewOne()
    {
        var renewed = string.Empty;
        Register(number =>
        {
            if (number == 1)
            {
                renewed = WriteIdentity("renewed");
                Poll();
            }
        });

        var transport = Connect();

        Assert.Equal(renewed, _handlers[^1].SslOptions.ClientCertificateContext!.TargetCertificate.Thumbprint);
        Poll();
        Assert.Equal(1, transport.Current.Number);
    }

    [Fact]
    public async Task Create_IdentityIsReplacedByAnotherThreadMeanwhile_UsesTheNewOne()
    {
        var renewed = string.Empty;
        var polling = Task.CompletedTask;
        Register(number =>
        {
            if (number == 1)
            {
                renewed = WriteIdentity("renewed");
                polling = Task.Run(Poll);
                SpinWait.SpinUntil(() => _services!.GetRequiredService<PooledClients.Tls.TlsRegistry>().CaptureFiles().Any(files => files.Reads == 2), TimeSpan.FromSeconds(30));
            }
        });

        Connect();
        await polling;

        Assert.Equal(renewed, _handlers[^1].SslOptions.ClientCertificateContext!.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Create_AuthorityIsAddedMeanwhile_BlamesNobodyAndTrustsIt()
    {
        Register(number =>
        {
            if (number == 1)
            {
                _folder.Write("ca.pem", TestCertificates.ToPem(_authority) + TlsHarness.Bundle("another"));
                Poll();
            }
        });

        Connect();

        Assert.Equal(2, _handlers[^1].SslOptions.CertificateChainPolicy!.CustomTrustStore.Count);
    }

    [Fact]
    public void Replace_IdentityIsReplacedMeanwhile_UsesTheNewOne()
    {
        var renewed = string.Empty;
        Register(number =>
        {
            if (number == 2)
            {
                renewed = WriteIdentity("renewed");
                Poll();
            }
        });
        var transport = Connect();

        transport.Replace("the test says so", transport.Current);

        Assert.Equal(renewed, _handlers[^1].SslOptions.ClientCertificateContext!.TargetCertificate.Thumbprint);
        Assert.Equal(2, transport.Current.Number);
    }

    [Fact]
    public void Create_TheFirstFails_TheNextWhoAsksTriesAgain()
    {
        Register(static number => _ = number == 1 ? throw new InvalidOperationException("not yet") : number);

        Assert.Throws<InvalidOperationException>(Connect);

        Assert.Equal(1, Connect().Current.Number);
    }

    private void Register(Action<int> adjust)
    {
        _folder.Write("ca.pem", TestCertificates.ToPem(_authority));
        WriteIdentity("first");
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(_time);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri("https://localhost:1");
            (options.Tls.CaCertificatePath, options.Tls.ClientCertificatePath) = (AuthorityPath, IdentityPath);
        }).ConfigureHandler(handler =>
        {
            _handlers.Add(handler);
            adjust(_handlers.Count);
        });
        _services = services.BuildServiceProvider();
    }

    private Transport Connect()
    {
        _services!.GetRequiredService<IGrpcChannelPool>().GetChannel<KeyValue.KeyValueClient>();
        return _services!.GetRequiredService<TransportRegistry>().Transports.Single();
    }

    private string WriteIdentity(string name)
    {
        using var certificate = TestCertificates.IssueClient(_authority, name);
        _folder.Write("client.pem", TestCertificates.ToPem(certificate) + TestCertificates.KeyToPem(certificate));
        return certificate.Thumbprint;
    }

    private void Poll()
    {
        _time.Advance(TimeSpan.FromSeconds(60));
        _time.Advance(WatchedFiles.Settle);
    }
}
