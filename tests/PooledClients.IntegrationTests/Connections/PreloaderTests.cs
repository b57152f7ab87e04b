using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using PooledClients.Connections.Descriptors;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

public class PreloaderTests
{
    [Fact]
    public async Task RunAsync_BeforeTheFirstCall_LeavesNoAssemblyToLoad()
    {
        var options = new TestServerOptions();
        await using var server = await TestServer.StartAsync(options);

        (await ChildProcess.RunAsync(CallOnce, null, server.Address.ToString(), options.Authority.Certificate.ExportCertificatePem())).AssertSucceeded();
    }

    private static async Task CallOnce(string[] args)
    {
        await using var services = new ServiceCollection()
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = new Uri(args[0]);
                options.Tls.CaCertificatePem = args[1];
            })
            .Services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>("unreachable", options => options.Address = new Uri("http://localhost:1"))
            .Services.BuildServiceProvider();
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        var unreachable = services.GetRequiredKeyedService<KeyValue.KeyValueClient>("unreachable");
        var log = new FakeLogger<Preloader>();
        await new Preloader(log).RunAsync(CancellationToken.None);
        Assert.Empty(log.Collector.GetSnapshot().Select(record => $"{record.Message} {record.Exception}"));

        var loaded = new ConcurrentQueue<string?>();
        AppDomain.CurrentDomain.AssemblyLoad += (_, e) => loaded.Enqueue(e.LoadedAssembly.GetName().Name);
        await client.GetAsync(new GetRequest());
        _ = (await Record.ExceptionAsync(() => unreachable.GetAsync(new GetRequest()).ResponseAsync))!.ToString();

        Assert.DoesNotContain(loaded, name => !name!.StartsWith("xunit", StringComparison.Ordinal));
    }
}
