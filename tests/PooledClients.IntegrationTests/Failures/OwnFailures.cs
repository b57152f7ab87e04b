using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.IntegrationTests.Clients;
using PooledClients.Resilience;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>Causes of the table that lie with this process or its application, each with what brings it about.</summary>
internal static class OwnFailures
{
    private const string Holder = "holder";

    public static IEnumerable<FailureRow> All =>
    [
        FailureRow.Of("the budget of connections is spent", static _ => BudgetSpentAsync(), FailureKind.BudgetSpent, "budget are in use"),
        FailureRow.Of("the breaker is open", static _ => Task.FromResult(BreakerOpen()), FailureKind.BreakerOpen, "The breaker of"),
        FailureRow.Of("the host is stopping", static _ => Task.FromResult(Stopping()), FailureKind.Disposed, "The host is stopping"),
        FailureRow.Of("a handler of the application's fails", static _ => Task.FromResult(BrokenHandler()), FailureKind.Unknown, "handler of the application"),
    ];

    // Another client holds the only connection there may be.
    private static async Task<FailurePeer> BudgetSpentAsync()
    {
        var holding = await TestServer.StartAsync();
        holding.Behavior.Hold();
        var peer = await TestServer.StartAsync();
        return new FailurePeer(peer.Address, () => peer.Requests.Count, new Several(holding, peer))
        {
            Deadline = TimeSpan.FromMilliseconds(300),
            Services = services =>
            {
                services.ConfigurePooledClients(static options => options.Descriptors.MaxConnections = 1);
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Holder, options => options.ConnectTo(holding.Address));
            },
            Prepare = async clients =>
            {
                _ = clients.Get<KeyValue.KeyValueClient>(Holder).GetAsync(Calls.AnyGet);
                await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);

                // One that waits for the budget with time to spare, so that the others find it short however late they come.
                _ = clients.KeyValue.GetAsync(Calls.AnyGet);
                await Eventually.HoldsAsync(() => clients.Get<ConnectionGate>().Capture().Addresses.Any(static address => address.Waiting > 0));
            },
        };
    }

    private static FailurePeer BreakerOpen()
    {
        var server = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                while (true)
                {
                    await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.InternalError);
                }
            },
            tls: false);
        return new FailurePeer(server.Address, () => server.Requests.Count, server)
        {
            HasBreaker = true,
            Prepare = static async clients =>
            {
                RpcException failure;
                do
                {
                    failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
                }
                while (!failure.Status.Detail.StartsWith("The breaker of", StringComparison.Ordinal));
            },
        };
    }

    private static FailurePeer Stopping()
    {
        var server = Answering();
        return new FailurePeer(server.Address, () => server.Requests.Count, server)
        {
            Prepare = static async clients =>
            {
                await clients.KeyValue.PutAsync(Calls.AnyPut);
                await clients.StopAsync();
            },
        };
    }

    private static FailurePeer BrokenHandler()
    {
        var server = Answering();
        return new FailurePeer(server.Address, () => server.Requests.Count, server) { Client = static client => client.AddHttpMessageHandler(static () => new BrokenMessageHandler()) };
    }

    private static RawHttp2Server Answering() => new(
        static async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.ServeAsync();
        },
        tls: false);

    private sealed class BrokenMessageHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(new InvalidOperationException("The handler of the application has failed."));
    }

    private sealed class Several(params IAsyncDisposable[] servers) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
