using System.Net;
using System.Net.Security;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>A handshake that comes to no connection leaves nothing to the finalizers.</summary>
public sealed class FailedHandshakeTests : WatchedTest
{
    [Theory]
    [InlineData(true, "did not negotiate HTTP/2")]
    [InlineData(false, "is not trusted")]
    public async Task Call_HandshakeFails_DisposesItsTlsStream(bool isTrusted, string words)
    {
        Log.Allow(static _ => true);
        using var other = new TestAuthority("Other authority");
        using var certificate = (isTrusted ? TestAuthority.Shared : other).IssueServer("localhost");
        await using var server = new HandshakeServer(certificate);
        SslStream? stream = null;
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(new Uri($"https://localhost:{((IPEndPoint)server.EndPoint).Port}"));
                options.Resilience.Retry.MaxAttempts = 1;
            })
            .ConfigureHandler(handler => handler.SslOptions.LocalCertificateSelectionCallback = (sender, _, _, _, _) =>
            {
                stream = (SslStream)sender;
                return null!;
            }));

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains(words, failure.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(stream);
        Assert.Throws<ObjectDisposedException>(() => stream.NegotiatedCipherSuite);
    }
}
