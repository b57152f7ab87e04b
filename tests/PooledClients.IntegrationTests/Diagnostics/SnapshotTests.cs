using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Diagnostics;

public sealed class SnapshotTests : WatchedTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Capture_OfAConnection_TellsWhatTcpAndTlsKnow()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await ClientHost.StartAsync(Log, server.Address);
        await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);

        var snapshot = host.Get<IPooledClientsDiagnostics>().Capture();

        var connection = Assert.Single(snapshot.Connections);
        var channel = Assert.Single(snapshot.Channels);
        Assert.Equal((channel.TransportId, "grpc", 1), (connection.TransportId, connection.Kind, connection.Generation));
        Assert.EndsWith($":{server.Port}", connection.RemoteEndPoint, StringComparison.Ordinal);
        Assert.NotNull(connection.LocalEndPoint);
        Assert.StartsWith("Tls1", connection.TlsVersion, StringComparison.Ordinal);
        Assert.StartsWith("TLS_", connection.CipherSuite, StringComparison.Ordinal);
        Assert.Equal(100, connection.StreamLimit);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "TCP tells of itself on Linux only.");
        Assert.Equal("ESTABLISHED", connection.TcpState);
        Assert.True(connection is { RoundTripTime.Ticks: > 0, BytesSent: > 500, BytesReceived: > 500, Retransmits: >= 0 }, "TCP's figures are missing.");
        Assert.Contains(snapshot.Events, happened => happened.Name == "ConnectionOpened" && happened.Target == connection.Address);
        Assert.NotEmpty(snapshot.DescriptorKinds);
    }

    [Fact]
    public async Task Capture_OfAThousandConnections_TellsEach()
    {
        const int Connections = 1000;
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            Tls = false,
            Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1,
            Map = static application => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(application, "/held", static async context =>
                await Task.Delay(Timeout.Infinite, context.RequestAborted)),
        });
        await using var host = await ClientHost.StartAsync(Log, services => services.AddPooledHttpClient("api", options =>
        {
            options.BaseAddress = new Uri($"http://127.0.0.1:{server.Port}");
            (options.Connection.MaxConnections, options.Deadline) = (Connections, TimeSpan.FromMinutes(2));
        }));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var client = host.Get<HttpClient>("api");
        Task[] held = [.. Enumerable.Range(0, Connections).Select(_ => client.GetAsync(new Uri("/held", UriKind.Relative), stop.Token))];
        await Eventually.EqualAsync(Connections, () => server.Connections.Open);
        var diagnostics = host.Get<IPooledClientsDiagnostics>();
        await Eventually.EqualAsync(Connections, () => diagnostics.Capture().Connections.Count);

        List<double> milliseconds = [];
        for (var i = 0; i < 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Equal(Connections, diagnostics.Capture().Connections.Count);
            milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        diagnostics.Capture();
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Connections;

        // Its work is bounded by what it makes: a string or a list more for each connection would show.
        Assert.InRange(bytes, 0, 600);

        // Told, not asserted: other tests share the processor.
        TestContext.Current.TestOutputHelper?.WriteLine($"A snapshot of {Connections} connections takes {milliseconds.Order().ElementAt(10):0.0} ms (median), {milliseconds.Min():0.0} at least, {bytes} B a connection.");
        await stop.CancelAsync();
        await Task.WhenAll(held).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }
}
