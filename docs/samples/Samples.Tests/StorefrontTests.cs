using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Samples.V1;

namespace Samples.Tests;

/// <summary>The service as it is, without its servers, their addresses and their certificates.</summary>
public sealed class StorefrontTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stock_OfAFake_IsCounted()
    {
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(web => web.ConfigureTestServices(services =>
        {
            services.ReplacePooledGrpcClient<Stock.StockClient>(new FakeStock(3));
            services.UsePooledClientsInMemory(new StockServer());
        }));
        using var client = factory.CreateClient();

        Assert.Equal("3", await client.GetStringAsync(new Uri("/stock/apples", UriKind.Relative), Token));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/health", UriKind.Relative), Token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/alive", UriKind.Relative), Token)).StatusCode);
    }

    [Theory]
    [InlineData("stock")]
    [InlineData("prices")]
    public async Task Call_OfManyUsers_CarriesEachOnesToken(string path)
    {
        using var server = new StockServer();
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(
            web => web.ConfigureTestServices(services => services.UsePooledClientsInMemory(server)));
        using var client = factory.CreateClient();

        await Parallel.ForEachAsync(Enumerable.Range(0, 50), Token, async (user, token) =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/{path}/{user}") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", $"{user}") } };
            using var response = await client.SendAsync(request, token);
            Assert.Equal(path == "stock" ? "7" : $"/prices/{user}", await response.Content.ReadAsStringAsync(token));
        });

        Assert.Equal(50, server.Seen.Count);
        Assert.All(server.Seen, seen => Assert.Equal($"Bearer {seen.Item}", seen.Token));
    }

    [Fact]
    public async Task Prices_ServerFailsOnce_AreTriedAgainWithOneToken()
    {
        using var server = new StockServer { FailTimes = 1 };
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(
            web => web.ConfigureTestServices(services => services.UsePooledClientsInMemory(server)));
        using var client = factory.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "me");

        Assert.Equal("/prices/apples", await client.GetStringAsync(new Uri("/prices/apples", UriKind.Relative), Token));

        Assert.Equal(2, server.Addresses.Count);
        Assert.Equal("Bearer me", Assert.Single(server.Seen).Token);
    }

    [Fact]
    public async Task Prices_FromTheServerInMemory_AreTold()
    {
        using var server = new StockServer();
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(
            web => web.ConfigureTestServices(services => services.UsePooledClientsInMemory(server)));
        using var client = factory.CreateClient();

        Assert.Equal("/prices/apples", await client.GetStringAsync(new Uri("/prices/apples", UriKind.Relative), Token));
        Assert.Equal("https://prices/prices/apples", server.Addresses.Single());
    }

    /// <summary>Speaks as much gRPC as one answer needs, to show that any handler will do; a TestServer's is one.</summary>
    private sealed class StockServer : HttpMessageHandler
    {
        public ConcurrentQueue<(string Item, string Token)> Seen { get; } = new();

        public ConcurrentQueue<string> Addresses { get; } = new();

        public int FailTimes { get; set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Addresses.Enqueue(request.RequestUri!.AbsoluteUri);
            if (FailTimes-- > 0)
            {
                return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            }

            if (request.Content is null)
            {
                Seen.Enqueue((request.RequestUri.Segments[^1], request.Headers.TryGetValues("authorization", out var tokens) ? tokens.Single() : ""));
                return new HttpResponseMessage { Content = new StringContent(request.RequestUri.AbsolutePath) };
            }

            var asked = CountRequest.Parser.ParseFrom((await request.Content.ReadAsByteArrayAsync(cancellationToken)).AsSpan(5));
            Seen.Enqueue((asked.Item, request.Headers.GetValues("authorization").Single()));
            var answer = new CountResponse { Count = 7 }.ToByteArray();
            var response = new HttpResponseMessage { Version = HttpVersion.Version20, Content = new ByteArrayContent([0, 0, 0, 0, (byte)answer.Length, .. answer]) };
            response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            response.TrailingHeaders.Add("grpc-status", "0");
            return response;
        }
    }
}
