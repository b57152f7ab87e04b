using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>A connection that ends is a refused certificate only where nothing else explains it; the plain client runs beside ours.</summary>
public sealed class RefusalTests : WatchedTest, IDisposable
{
    private const string Suspicion = "may have refused client certificate";
    private const int Requests = 4;
    private const int Tries = 10;

    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _identity = TestAuthority.Shared.IssueClient("the client");

    public static TheoryData<SslProtocols, bool, int, bool, ClosePoint> Matrix
    {
        get
        {
            var data = new TheoryData<SslProtocols, bool, int, bool, ClosePoint>();
            foreach (var point in Enum.GetValues<ClosePoint>())
            {
                foreach (var protocol in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
                {
                    foreach (var (tickets, version, empty) in new[]
                    {
                        (false, 1, false), (false, 1, true), (false, 2, false), (false, 2, true), (true, 1, false), (true, 1, true), (true, 2, false), (true, 2, true),
                    })
                    {
                        data.Add(protocol, tickets, version, empty, point);
                    }
                }
            }

            return data;
        }
    }

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    public new void Dispose()
    {
        base.Dispose();
        _identity.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Send_ConnectionIsClosed_EndsAsThePlainClientsAndAccusesNobody(SslProtocols protocol, bool tickets, int version, bool empty, ClosePoint point)
    {
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            // A request may cross the close on its way, for the plain client as for ours: a pair that differs is sent again, and is never to accuse.
            var (ours, plain) = ("", "none yet");
            for (var tries = 0; ours != plain && tries < Tries; tries++)
            {
                ours = await SendOursAsync(protocol, tickets, version, empty, point, method);
                plain = await SendPlainAsync(protocol, tickets, version, empty, point, method);
            }

            Assert.Equal(plain, ours);
        }
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, 1)]
    [InlineData(SslProtocols.Tls12, 3)]
    [InlineData(SslProtocols.Tls13, 1)]
    [InlineData(SslProtocols.Tls13, 3)]
    public async Task Call_ServerClosesItsFirstConnections_Succeeds(SslProtocols protocol, int connections)
    {
        await using var server = new ClosingServer(protocol, tickets: true, http2: true, empty: false, ClosePoint.AfterHandshake, connections);
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Tls.ClientCertificatePath = IdentityPath(_identity));

        await clients.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Ended);

        Assert.Equal(connections + 1, server.Accepted);
    }

    [Fact]
    public async Task Send_CertificateIsRefused_NamesIt()
    {
        using var stranger = new TestAuthority("Stranger").IssueClient("stranger");
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true, Protocols = HttpProtocols.Http1 });
        await using var host = await StartAsync(stranger, version: 1);

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => host.Get<IHttpClientFactory>().CreateClient().GetAsync(server.Address, Ended));

        Assert.Contains($"{Suspicion} {stranger.Thumbprint}", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> SendAsync(HttpClient client, Uri address, HttpMethod method)
    {
        var outcomes = new List<string>();
        for (var i = 0; i < Requests; i++)
        {
            using var request = new HttpRequestMessage(method, address) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
            request.Content = method == HttpMethod.Post ? new StringContent("hello") : null;
            try
            {
                using var response = await client.SendAsync(request, Ended);
                outcomes.Add(response.StatusCode.ToString());
            }
            catch (HttpRequestException e)
            {
                Assert.DoesNotContain(Suspicion, e.ToString(), StringComparison.Ordinal);

                // Whether the write or the read sees the end first, and so by which error, is left to chance.
                outcomes.Add("failed");
            }
        }

        return string.Join(", ", outcomes);
    }

    private async Task<string> SendOursAsync(SslProtocols protocol, bool tickets, int version, bool empty, ClosePoint point, HttpMethod method)
    {
        await using var server = new ClosingServer(protocol, tickets, version == 2, empty, point);
        await using var host = await StartAsync(_identity, version);
        return await SendAsync(host.Get<IHttpClientFactory>().CreateClient(), server.Address, method);
    }

    private async Task<string> SendPlainAsync(SslProtocols protocol, bool tickets, int version, bool empty, ClosePoint point, HttpMethod method)
    {
        await using var server = new ClosingServer(protocol, tickets, version == 2, empty, point);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions =
            {
                ClientCertificateContext = System.Net.Security.SslStreamCertificateContext.Create(_identity, additionalCertificates: null, offline: true),
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { TestAuthority.Shared.Certificate },
                },
            },
        });
        Configure(client, version);
        return await SendAsync(client, server.Address, method);
    }

    private Task<ClientHost> StartAsync(X509Certificate2 identity, int version) => ClientHost.StartAsync(Log, services => services
        .AddPooledHttpClient(options =>
        {
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Tls.ClientCertificatePath = IdentityPath(identity);
            options.Resilience.Retry.Enabled = options.Resilience.Breaker.Enabled = false;
            options.Deadline = TimeSpan.FromSeconds(20);
        })
        .ConfigureHttpClient(client => Configure(client, version)));

    private static void Configure(HttpClient client, int version)
    {
        client.DefaultRequestVersion = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }

    private string IdentityPath(X509Certificate2 identity) => _folder.Write("client.pem", TestCertificates.ToPem(identity) + TestCertificates.KeyToPem(identity));
}
