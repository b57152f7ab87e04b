using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Servers;
using PooledClients.Connections.Budget;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>What a connection pays at the gate, beside what it costs to make: TCP and TLS on loopback, resumed where the server lets it.</summary>
public class GateBenchmarks
{
    private ServerProcess _server = null!;
    private ServiceProvider _services = null!;
    private GateAddress _address = null!;
    private X509ChainPolicy _policy = null!;
    private Uri _url = null!;

    [GlobalSetup]
    public void Setup()
    {
        _server = new ServerProcess();
        _url = new Uri(_server.Address.Url);
        _policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        _policy.CustomTrustStore.ImportFromPem(_server.Address.CaPem);
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = _url);
        _services = services.BuildServiceProvider();
        _address = _services.GetRequiredService<ConnectionGate>().CreateAddress(_url.ToString(), cap: 10);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _services.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task TlsConnect()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _url.Port));
        await using var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = _url.Host,
            CertificateChainPolicy = _policy,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
        });
    }

    /// <summary>A lease taken, marked as a socket and given back: the meter is read, and the budget and the cap are kept.</summary>
    [Benchmark]
    public async Task Gate()
    {
        using var lease = await _address.AcquireAsync(CancellationToken.None);
        lease.MarkOpened();
    }
}
