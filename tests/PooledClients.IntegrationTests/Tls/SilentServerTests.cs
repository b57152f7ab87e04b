using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>Servers that accept and never answer the handshake harm nobody else. Their dials end later than any of these tests would wait.</summary>
public sealed class SilentServerTests : WatchedTest
{
    private const int Silent = 3;
    private const int CallersEach = 100;
    private const int Dials = 64;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Get_OthersWaitForSilentServers_IsAnswered(int version)
    {
        await using var healthy = await TestServer.StartAsync(new TestServerOptions { Protocols = HttpProtocols.Http1AndHttp2 });
        SilentServer[] servers = [.. Enumerable.Range(0, Silent).Select(static _ => new SilentServer())];
        await using var host = await ClientHost.StartAsync(Log, services => services.AddPooledHttpClient(options =>
        {
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            (options.Deadline, options.Connection.ConnectTimeout) = (Timeout.InfiniteTimeSpan, Long);
        }).ConfigureHttpClient(client =>
        {
            client.DefaultRequestVersion = new Version(version, version == 1 ? 1 : 0);
            client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }));
        var client = host.Get<IHttpClientFactory>().CreateClient();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var waiting = servers.SelectMany(server => Enumerable.Range(0, CallersEach).Select(_ => client.GetAsync(server.Address, end.Token))).ToArray();
        await Eventually.HoldsAsync(() => host.Transport.Connections >= Silent * (version == 1 ? Dials : 1));

        var answers = await Task.WhenAll(Enumerable.Range(0, CallersEach).Select(_ => client.GetAsync(new Uri(healthy.Address, "api/files/a"), TestContext.Current.CancellationToken)));

        Assert.Equal(CallersEach, answers.Length);
        Assert.DoesNotContain(waiting, static call => call.IsCompleted);
        await EndAsync(end, waiting);
        Array.ForEach(servers, static server => server.Dispose());
    }

    [Fact]
    public async Task Call_OthersWaitForSilentServers_IsAnswered()
    {
        await using var healthy = await TestServer.StartAsync();
        SilentServer[] servers = [.. Enumerable.Range(0, 80).Select(static _ => new SilentServer())];
        await using var host = await ClientHost.StartAsync(Log, services =>
        {
            Add(services, "healthy", healthy.Address);
            for (var i = 0; i < servers.Length; i++)
            {
                Add(services, $"silent {i}", servers[i].Address);
            }
        });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var waiting = Enumerable.Range(0, servers.Length)
            .Select(i => host.Get<KeyValue.KeyValueClient>($"silent {i}").GetAsync(Calls.AnyGet, cancellationToken: end.Token).ResponseAsync).ToArray();
        await Eventually.EqualAsync(servers.Length, () => host.Get<TransportRegistry>().Transports.Sum(static transport => transport.Connections));

        await host.Get<KeyValue.KeyValueClient>("healthy").GetManyAsync(CallersEach);

        Assert.DoesNotContain(waiting, static call => call.IsCompleted);
        await EndAsync(end, waiting);
        Array.ForEach(servers, static server => server.Dispose());

        static void Add(IServiceCollection services, string name, Uri address) => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, options =>
        {
            options.ConnectTo(address);
            (options.Deadline, options.Connection.ConnectTimeout) = (Timeout.InfiniteTimeSpan, Long);
        });
    }

    private static async Task EndAsync(CancellationTokenSource end, IReadOnlyCollection<Task> waiting)
    {
        await end.CancelAsync();
        await Task.WhenAll(waiting).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
