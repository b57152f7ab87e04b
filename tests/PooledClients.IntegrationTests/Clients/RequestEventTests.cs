using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>Who counts requests by the runtime's event source sees each of ours once, as of a plain channel.</summary>
public sealed class RequestEventTests : WatchedTest
{
    private const int Requests = 5;

    [Theory]
    [InlineData("plain")]
    [InlineData("grpc")]
    [InlineData("http")]
    public async Task Requests_AreStartedOnceEach(string client)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        using var events = new RequestEvents(server.Port);
        using var channel = GrpcChannel.ForAddress(server.Address);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
            services.AddPooledHttpClient("api", http => http.BaseAddress = server.Address);
        });
        using var http = clients.Get<IHttpClientFactory>().CreateClient("api");

        for (var request = 0; request < Requests; request++)
        {
            if (client == "http")
            {
                using var response = await http.GetAsync(new Uri("none", UriKind.Relative), TestContext.Current.CancellationToken);
            }
            else
            {
                await (client == "plain" ? new KeyValue.KeyValueClient(channel) : clients.KeyValue).PutAsync(Calls.AnyPut);
            }
        }

        Assert.Equal(Requests, events.Started.Count);
    }

    private sealed class RequestEvents(int port) : EventListener
    {
        public ConcurrentQueue<string?> Started { get; } = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "System.Net.Http")
            {
                EnableEvents(eventSource, EventLevel.Informational);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData is { EventName: "RequestStart", Payload: { } payload } && payload[2] is int to && to == port)
            {
                Started.Enqueue(payload[3] as string);
            }
        }
    }
}
