using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>A stream that somebody opened and forgot.</summary>
public class OpenStreamTests : WatchedTest
{
    private const string Warning = "Nobody reads the response";

    [Fact]
    public async Task Stream_NobodyReadsOrDisposes_IsInTheSnapshotAndWarnedOf()
    {
        Log.Allow(Warning);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
        });
        var diagnostics = clients.Get<IPooledClientsDiagnostics>();

        var call = clients.KeyValue.Exchange();
        await Eventually.EqualAsync(1, () => server.Behavior.Processed("Exchange"));
        await call.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet });
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(15));
            return Log.Entries.Any(entry => entry.Message.Contains(Warning, StringComparison.Ordinal));
        });

        var stream = Assert.Single(diagnostics.Capture().OpenStreams);
        Assert.EndsWith("KeyValue/Exchange", stream.Method, StringComparison.Ordinal);
        Assert.True(stream.HeldFor >= TimeSpan.FromMinutes(1), $"{stream.HeldFor}");

        call.Dispose();
        await Eventually.HoldsAsync(() => diagnostics.Capture().OpenStreams.Count == 0);
    }
}
