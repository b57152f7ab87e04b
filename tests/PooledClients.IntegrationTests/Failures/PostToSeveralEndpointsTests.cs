using System.Net;
using PooledClients.IntegrationTests.Http;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// An HTTP request to a service of several endpoints, each of which processes what it reads and ends: it is carried on only where it may be
/// processed twice, or where nobody has read it.
/// </summary>
public sealed class PostToSeveralEndpointsTests : WatchedTest
{
    public static TheoryData<bool> Ways => [false, true];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Post_EndpointsThatReadItAndEnd_IsProcessedOnce(bool saysHttp11)
    {
        Log.Allow("");
        var processed = 0;
        await using var one = Ending(saysHttp11, () => Interlocked.Increment(ref processed));
        await using var other = Ending(saysHttp11, () => Interlocked.Increment(ref processed));
        await using var http = Start(one, other);

        await Assert.ThrowsAsync<HttpRequestException>(() => http.Client.PostAsync("/any", new ByteArrayContent(new byte[10]), TestContext.Current.CancellationToken));

        Assert.Equal(1, processed);
    }

    [Fact]
    public async Task Get_EndpointThatEndsBeforeItSpeaks_IsAnsweredByTheOther()
    {
        Log.Allow("");
        await using var one = Ending(saysHttp11: false, static () => { });
        await using var other = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.ServeAsync();
            },
            tls: false);
        await using var http = Start(one, other);

        for (var i = 0; i < 10; i++)
        {
            using var response = await http.Client.GetAsync("/any", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Post_EndpointWhereNobodyListens_IsAnsweredByTheOther()
    {
        Log.Allow("");
        await using var nobody = FailurePeer.Nobody();
        await using var other = new RawHttp2Server(
            static async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.ServeAsync();
            },
            tls: false);
        await using var http = Start(nobody.Address, other.Address);

        for (var i = 0; i < 10; i++)
        {
            using var response = await http.Client.PostAsync("/any", new ByteArrayContent(new byte[10]), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(10, other.Requests.Count);
    }

    private static RawHttp2Server Ending(bool saysHttp11, Action process) => new(
        async connection =>
        {
            await connection.ReceiveCompleteAsync();
            process();
            if (!saysHttp11)
            {
                connection.Close();
                return;
            }

            await connection.SendSettingsAsync();
            await connection.SendGoAwayAsync(int.MaxValue, ErrorCode.Http11Required);
            connection.HalfClose();
        },
        tls: false);

    private HttpFixture Start(RawHttp2Server one, RawHttp2Server other) => Start(one.Address, other.Address);

    private HttpFixture Start(Uri one, Uri other) => new(
        Log,
        HttpVersion.Version20,
        new Uri("http://service.test"),
        options =>
        {
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add($"127.0.0.1:{one.Port}");
            options.Endpoints.Addresses.Add($"127.0.0.1:{other.Port}");
        });
}
