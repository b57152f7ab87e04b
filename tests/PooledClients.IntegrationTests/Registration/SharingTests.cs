using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

/// <summary>Who shares a connection and who never does, as the server sees it.</summary>
public class SharingTests : WatchedTest
{
    [Fact]
    public async Task Call_DifferentTrust_NeverSharesAConnection()
    {
        using var otherAuthority = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            Add(services, "one", options => options.ConnectTo(server.Address));
            Add(services, "two", options =>
            {
                options.ConnectTo(server.Address);
                options.Tls.CaCertificatePem += "\n" + otherAuthority.Pem;
            });
        });

        await CallAllAsync(clients, "one", "two", "one", "two");

        Assert.Equal(2, server.Connections.Handshakes);
        Assert.Equal(2, server.Requests.Select(request => request.Connection).Distinct().Count());
    }

    [Fact]
    public async Task Call_DifferentClientCertificate_NeverTravelsOnTheOthersConnection()
    {
        using var folder = new TempFolder();
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true });
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            foreach (var name in (string[])["alice", "bob"])
            {
                var path = WriteIdentity(folder, name);
                Add(services, name, options =>
                {
                    options.ConnectTo(server.Address);
                    options.Tls.ClientCertificatePath = path;
                });
            }
        });

        await CallAllAsync(clients, "alice", "bob", "alice", "bob");

        Assert.Equal(["CN=alice", "CN=bob", "CN=alice", "CN=bob"], server.Requests.Select(request => request.Client));
        Assert.Equal(2, server.Requests.GroupBy(request => request.Connection).Count());
        Assert.All(server.Requests.GroupBy(request => request.Connection), requests => Assert.Single(requests.Select(request => request.Client).Distinct()));
    }

    [Fact]
    public async Task Call_UntrustedServer_FailsForItsClientOnly()
    {
        using var otherAuthority = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            Add(services, "right", options => options.ConnectTo(server.Address));
            Add(services, "wrong", options => options.ConnectTo(server.Address, otherAuthority));
        });

        await CallAllAsync(clients, "right");
        var failure = await Calls.FailureOf(clients.Get<KeyValue.KeyValueClient>("wrong").GetAsync(Calls.AnyGet));
        await CallAllAsync(clients, "right");

        Assert.Equal(global::Grpc.Core.StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(2, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Call_DifferentMessageSizesAndSpellingOfTheAddress_SharesTheConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            Add(services, "one", options => options.ConnectTo(server.Address));
            Add(services, "two", options =>
            {
                options.ConnectTo(new Uri($"HTTPS://LOCALHOST:{server.Port}/"));
                options.MaxReceiveMessageSize = 1024;
                options.Deadline = TimeSpan.FromSeconds(20);
            });
        });

        await CallAllAsync(clients, "one", "two");

        Assert.Equal(1, server.Connections.Accepted);
    }

    private static void Add(IServiceCollection services, string name, Action<PooledGrpcClientOptions> configure) =>
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, configure);

    private static string WriteIdentity(TempFolder folder, string name)
    {
        using var certificate = TestAuthority.Shared.IssueClient(name);
        using var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate)!;
        return folder.Write(name + ".pem", certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task CallAllAsync(ClientHost clients, params string[] names)
    {
        foreach (var name in names)
        {
            await clients.Get<KeyValue.KeyValueClient>(name).GetAsync(Calls.AnyGet);
        }
    }
}
