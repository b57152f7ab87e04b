using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Clients;

/// <summary>A message handler asks the server for something by itself, a token, before it lets the call go.</summary>
public sealed class OwnRequestTests : WatchedTest
{
    private const string Token = "/token";

    [Fact]
    public async Task Put_HandlerAsksForATokenFirst_SendsBoth()
    {
        var tokens = 0;
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            Tls = false,
            Map = application => application.Use((HttpContext context, RequestDelegate next) =>
            {
                if (context.Request.Path != Token)
                {
                    return next(context);
                }

                Interlocked.Increment(ref tokens);
                return context.Response.WriteAsync("token");
            }),
        });
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .AddHttpMessageHandler(static () => new TokenHandler()));

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(1, tokens);
    }

    private sealed class TokenHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var ask = new HttpRequestMessage(HttpMethod.Get, new Uri(request.RequestUri!, Token)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var answer = await base.SendAsync(ask, cancellationToken);
            request.Headers.Add("authorization", await answer.Content.ReadAsStringAsync(cancellationToken));
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
