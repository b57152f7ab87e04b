using System.Net;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That each attempt sends what the first one sent: what handlers and the runtime have made of the request is no part of it.</summary>
public class RetriedRequestTests : WatchedTest
{
    private const string Well = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    // Nothing of a request was sent that is given a connection just as that is closed for others' room.
    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task Send_ConnectionClosedForOthersBeforeAByte_IsSentOnAnother(string method)
    {
        await using var server = new RawHttpServer(static _ => Well);
        var closed = 0;
        await using var http = new HttpFixture(
            Log,
            HttpVersion.Version11,
            server.Address,
            static options => options.Resilience.Retry.Enabled = false,
            builder => builder.ConfigurePooledHandler(handler => handler.PlaintextStreamFilter = (context, _) => new(
                Interlocked.Increment(ref closed) == 1 ? new OverStream(context.PlaintextStream) : context.PlaintextStream)));

        using var request = new HttpRequestMessage(new HttpMethod(method), "/") { Content = method == "POST" ? new StringContent("{}") : null };
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, closed);
        Assert.Single(server.Requests);
    }
}
