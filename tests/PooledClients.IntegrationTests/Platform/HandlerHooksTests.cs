using System.Net.Http.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using PooledClients.Platform;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Platform;

/// <summary>Asks the running runtime whether its handler tells of a request what the library takes it to tell.</summary>
public class HandlerHooksTests
{
    [Fact]
    public async Task OnHeadersWritten_Request_IsToldOnceItHasAConnection()
    {
        await using var server = await StartAsync("2.0");
        var written = new List<HttpRequestMessage>();
        using var handler = new SocketsHttpHandler();
        HandlerHooks.OnHeadersWritten(handler, written.Add);
        using var invoker = new HttpMessageInvoker(handler);
        using var request = Request(server, "2.0", "/here");
        request.Headers.Add("x-any", "value");

        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Contains(request, written);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task OnLocation_Redirect_IsToldBeforeItIsFollowed(string version)
    {
        await using var server = await StartAsync(version);
        var told = new List<(HttpRequestMessage Request, string Path)>();
        using var handler = new SocketsHttpHandler();
        HandlerHooks.OnLocation(handler, request => told.Add((request, request.RequestUri!.AbsolutePath)));
        using var invoker = new HttpMessageInvoker(handler);
        using var request = Request(server, version, "/away");

        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal([(request, "/away")], told);
        Assert.Equal("/here", request.RequestUri!.AbsolutePath);
    }

    [Fact]
    public async Task EnrichmentKey_CallbackThatWasAsked_IsTakenOut()
    {
        await using var server = await StartAsync("1.1");
        using var measured = new MetricCollector<double>(null, "System.Net.Http", "http.client.request.duration");
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = Request(server, "1.1", "/here");
        var asked = 0;
        HttpMetricsEnrichmentContext.AddCallback(request, _ => asked++);
        Assert.Equal([RuntimeContracts.EnrichmentKey], request.Options.Select(static option => option.Key));

        using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(1, asked);
        Assert.DoesNotContain(RuntimeContracts.EnrichmentKey, request.Options.Select(static option => option.Key));
    }

    private static Task<TestServer> StartAsync(string version) => TestServer.StartAsync(new TestServerOptions
    {
        Tls = false,
        Protocols = version == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1,
        Map = static application =>
        {
            application.MapGet("/away", static () => Results.Redirect("/here"));
            application.MapGet("/here", static () => Results.Ok());
        },
    });

    private static HttpRequestMessage Request(TestServer server, string version, string path)
        => new(HttpMethod.Get, new Uri(server.Address, path)) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
}
