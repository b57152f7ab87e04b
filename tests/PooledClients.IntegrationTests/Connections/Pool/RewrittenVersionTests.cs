using System.Net;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Proxies;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>A handler of the user's that turns gRPC into HTTP/1.1, as gRPC-Web does: the runtime's own pool carries it.</summary>
public class RewrittenVersionTests : WatchedTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_OverHttp11_GoSideBySide(bool throughAProxy)
    {
        const int Calls = 40;
        var inFlight = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            Tls = throughAProxy,
            Protocols = HttpProtocols.Http1,
            Map = application => application.Use(async (HttpContext context, RequestDelegate _) =>
            {
                if (Interlocked.Increment(ref inFlight) == Calls)
                {
                    all.SetResult();
                }

                await all.Task;
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
            }),
        });
        await using var proxy = TunnelProxy.Start(withCredentials: false);
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .ConfigureHandler(handler => handler.Proxy = throughAProxy ? new WebProxy(proxy.Address) : null)
            .AddHttpMessageHandler(() => new OldVersionHandler()));

        await clients.KeyValue.GetManyAsync(Calls);

        Assert.Equal(Calls, inFlight);
        Assert.InRange(server.Connections.MostOpen, 2, 64);
    }

    private sealed class OldVersionHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            var response = await base.SendAsync(request, cancellationToken);
            response.Version = HttpVersion.Version20;
            response.TrailingHeaders.Add("grpc-status", "0");
            return response;
        }
    }
}
