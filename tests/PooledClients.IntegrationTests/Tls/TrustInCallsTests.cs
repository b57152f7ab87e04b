using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>What a user of a pooled client sees of trust and identity.</summary>
public sealed class TrustInCallsTests : WatchedTest
{
    private const string Handshakes = "grpc.client.tls.handshakes";
    private const string Result = "grpc.tls.handshake.result";
    private const string Resumed = "grpc.tls.handshake.resumed";

    private static readonly GetRequest Request = new() { Database = "db", Key = ByteString.CopyFromUtf8("key") };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_ServerOfAnotherAuthority_FailsWithTheReasonAndIsNotRetried()
    {
        using var folder = new TempFolder();
        using var other = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        var caPath = folder.Write("ca.pem", other.Pem);
        await using var services = Create(server, tls => tls.CaCertificatePath = caPath);
        using var handshakes = new MetricRecorder(services, Handshakes);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(Request, cancellationToken: Cancelled));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains("Server 'localhost' is not trusted", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("'CN=Test authority', the issuer of", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(caPath, error.Status.Detail, StringComparison.Ordinal);
        Assert.True(ServerTrustException.TryFind(error.Status.DebugException, out var refusal));
        Assert.Equal(TrustFailure.UnknownAuthority, refusal.Failure);
        Assert.Equal(1, server.Connections.Accepted);
        Assert.Equal(["CERTIFICATE_AUTHORITY_INVALID"], handshakes.Tag(Result));
        Assert.Equal([$"https://localhost:{server.Port}"], handshakes.Tag("grpc.target"));
    }

    [Fact]
    public async Task Calls_ServerNotTrusted_DoNotRedialInATightLoop()
    {
        using var other = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, tls => tls.CaCertificatePem = other.Pem);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        for (var i = 0; i < 50; i++)
        {
            await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(Request, cancellationToken: Cancelled));
        }

        // Each call of a row of failing ones dials at most once, after its gap.
        Assert.InRange(server.Connections.Accepted, 1, 50);
    }

    [Fact]
    public async Task Call_AuthorityAddedToTheFile_SucceedsWithoutRestart()
    {
        using var folder = new TempFolder();
        using var other = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        var caPath = folder.Write("ca.pem", other.Pem);
        await using var services = Create(server, tls => (tls.CaCertificatePath, tls.ReloadInterval) = (caPath, TimeSpan.FromSeconds(1)));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(Request, cancellationToken: Cancelled));

        folder.Write("ca.pem", other.Pem + "\n" + TestAuthority.Shared.Pem);

        // The file is read a moment before the connections are replaced.
        var transports = services.GetRequiredService<TransportRegistry>();
        await Eventually.EqualAsync(2, () => transports.Transports.Single().Current.Number);
        Assert.Equal(2, services.GetRequiredService<TlsRegistry>().CaReads);
        await client.GetAsync(Request, deadline: DateTime.UtcNow.AddSeconds(20), cancellationToken: Cancelled);
    }

    [Fact]
    public async Task Connections_FirstAndLater_CountFullAndResumedHandshakes()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, static tls => tls.CaCertificatePem = TestAuthority.Shared.Pem);
        using var handshakes = new MetricRecorder(services, Handshakes);
        using var expiry = new MetricRecorder(services, "pooledclients.tls.certificate.time_to_expiry");
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        var inventory = services.GetRequiredService<CertificateInventory>();

        // The runtime keeps one TLS session a host name: a test beside this one may have put that of its own localhost there.
        for (var i = 1; i <= 50 && !handshakes.Tag(Resumed).Contains("RESUMED_HANDSHAKE"); i++)
        {
            await client.GetAsync(Request, cancellationToken: Cancelled);
            Assert.Contains(inventory.Capture(), certificate => certificate.Use == CertificateUse.Server);
            expiry.Observe();
            server.Connections.CloseGracefully();
            await Eventually.EqualAsync(0, () => server.Connections.Open);
            await Eventually.EqualAsync(0, () => inventory.Capture().Length);
        }

        Assert.All(handshakes.Tag(Result), static result => Assert.Equal("SUCCESS", result));
        Assert.Equal("FULL_HANDSHAKE", handshakes.Tag(Resumed).First());
        Assert.Contains("RESUMED_HANDSHAKE", handshakes.Tag(Resumed));
        Assert.Contains("server", expiry.Tag("pooledclients.tls.certificate.use"));
        Assert.Contains("authority", expiry.Tag("pooledclients.tls.certificate.use"));
        Assert.All(expiry.Measurements, static measurement => Assert.InRange(measurement.Value, TimeSpan.FromDays(100).TotalSeconds, TimeSpan.FromDays(400).TotalSeconds));
    }

    [Fact]
    public async Task Call_WithIdentity_ShowsItAndResumes()
    {
        using var folder = new TempFolder();
        using var client = TestAuthority.Shared.IssueClient("the client");
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true });
        var path = folder.Write("client.pem", TestCertificates.ToPem(client) + TestCertificates.KeyToPem(client));
        await using var services = Create(server, tls => (tls.CaCertificatePem, tls.ClientCertificatePath) = (TestAuthority.Shared.Pem, path));
        using var handshakes = new MetricRecorder(services, Handshakes);
        var stub = services.GetRequiredService<KeyValue.KeyValueClient>();

        for (var i = 1; i <= 3; i++)
        {
            await stub.GetAsync(Request, cancellationToken: Cancelled);
            server.Connections.CloseGracefully();
            await Eventually.EqualAsync(0, () => server.Connections.Open);
        }

        Assert.All(server.Requests, static request => Assert.Equal("CN=the client", request.Client));
        Assert.Contains("RESUMED_HANDSHAKE", handshakes.Tag(Resumed));
    }

    [Fact]
    public async Task Call_IdentityRefused_NamesTheCertificate()
    {
        using var folder = new TempFolder();
        using var stranger = new TestAuthority("Stranger").IssueClient("stranger");
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true });
        var path = folder.Write("client.pem", TestCertificates.ToPem(stranger) + TestCertificates.KeyToPem(stranger));
        await using var services = Create(server, tls => (tls.CaCertificatePem, tls.ClientCertificatePath) = (TestAuthority.Shared.Pem, path));
        var stub = services.GetRequiredService<KeyValue.KeyValueClient>();

        for (var i = 0; i < 5; i++)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await stub.GetAsync(Request, cancellationToken: Cancelled));

            Assert.Equal(StatusCode.Unavailable, error.StatusCode);
            Assert.Contains($"the server may have refused client certificate {stranger.Thumbprint}", error.Status.Detail, StringComparison.Ordinal);
        }

        // The runtime alone tries a refused connection four times a call.
        Assert.InRange(server.Connections.Accepted, 1, 10);
    }

    [Fact]
    public async Task Calls_TrustAndIdentityRotateUnderLoad_NoneFails()
    {
        using var folder = new TempFolder();
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true });
        var caPath = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        var path = folder.PathOf("client.pem");
        WriteIdentity(0);
        await using var services = Create(
            server,
            tls => (tls.CaCertificatePath, tls.ClientCertificatePath, tls.ReloadInterval) = (caPath, path, TimeSpan.FromSeconds(1)));
        var stub = services.GetRequiredService<KeyValue.KeyValueClient>();
        var registry = services.GetRequiredService<TlsRegistry>();
        Log.Allow("cannot be used");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var callers = Enumerable.Range(0, 16).Select(_ => CallAsync()).ToArray();

        for (var i = 1; i <= 4; i++)
        {
            WriteIdentity(i);
            var good = new TestAuthority($"Extra {i}").Pem + "\n" + TestAuthority.Shared.Pem;
            folder.Write("ca.pem", i % 2 == 0 ? good[..^50] : good);
            await Eventually.EqualAsync(1 + i, () => registry.CaReads);
            await Eventually.HoldsAsync(() => server.Requests.Any(request => request.Client == $"CN=client {i}"));
        }

        await stop.CancelAsync();
        Assert.True((await Task.WhenAll(callers)).Sum() > 0);

        async Task<int> CallAsync()
        {
            var calls = 0;
            for (; !stop.IsCancellationRequested; calls++)
            {
                await stub.GetAsync(Request, cancellationToken: Cancelled);
            }

            return calls;
        }

        void WriteIdentity(int i)
        {
            using var client = TestAuthority.Shared.IssueClient($"client {i}");
            var next = folder.Write("next.pem", TestCertificates.ToPem(client) + TestCertificates.KeyToPem(client));
            File.Move(next, path, overwrite: true);
        }
    }

    private ServiceProvider Create(TestServer server, Action<TlsOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddLogging(builder => builder.AddProvider(Log));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            configure(options.Tls);
        });
        return services.BuildServiceProvider();
    }
}
