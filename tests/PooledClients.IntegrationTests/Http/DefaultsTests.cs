using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Text;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>What a pooled client does with an answer where it is told nothing else: what a plain one does.</summary>
public class DefaultsTests : WatchedTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_Compressed_IsUndoneWhereAskedOnly(bool isAsked)
    {
        await using var server = new RawHttpServer(_ => Answer(Compressed()));
        await using var twins = Create(server, isAsked);

        var text = await twins.SameAsync(client => client.GetStringAsync("/", TestContext.Current.CancellationToken));

        Assert.Equal(isAsked, text == HttpApi.Text);
        Assert.All(server.Requests, request => Assert.Equal(isAsked, request.Contains("Accept-Encoding", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task Get_CompressedAndCut_ComesToWhatItComesToOnPlain()
    {
        await using var server = new RawHttpServer(_ => Answer(Compressed()[..20]));
        await using var twins = Create(server, isAsked: true);

        await twins.SameAsync(client => client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("600")]
    [InlineData("999")]
    [InlineData("501")]
    public async Task Get_StatusThatIsNoServersFault_IsNotSentAgain(string status)
    {
        await using var server = new RawHttpServer(_ => $"HTTP/1.1 {status} Odd\r\nContent-Length: 0\r\n\r\n");
        await using var twins = new HttpTwins(Log, server.Address);

        await twins.SameAsync(async client => (await client.GetAsync("/", TestContext.Current.CancellationToken)).StatusCode.ToString());

        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(-5000)]
    [InlineData(-1.5)]
    [InlineData(0)]
    public async Task Deadline_OfTheRequestHasPassed_EndsItBeforeItIsSent(double milliseconds)
    {
        await using var server = new RawHttpServer(_ => Answer("late"));
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromMilliseconds(milliseconds));

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => http.Client.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Get_UnavailableAfterARedirectToTheSameAddress_SendsItsAuthorizationAgain()
    {
        // In turn: the way back to the same address, an answer that passes, and the way again.
        var answers = new ConcurrentQueue<string>(["302 Found\r\nLocation: /", "503 Busy", "200 OK"]);
        var authorized = new ConcurrentQueue<bool>();
        await using var server = new RawHttpServer(head =>
        {
            authorized.Enqueue(head.Contains("Authorization: Bearer token", StringComparison.Ordinal));
            return $"HTTP/1.1 {(answers.TryDequeue(out var answer) ? answer : "500 No")}\r\nContent-Length: 0\r\n\r\n";
        });
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Authorization = new("Bearer", "token") } };

        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([true, false, true], authorized);
    }

    private static string Answer(string body) => $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static string Compressed()
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.ASCII.GetBytes(HttpApi.Text));
        }

        return Encoding.Latin1.GetString(bytes.ToArray());
    }

    private HttpTwins Create(RawHttpServer server, bool isAsked)
        => new(
            Log,
            server.Address,
            configure: options => options.AutomaticDecompression = isAsked ? DecompressionMethods.All : options.AutomaticDecompression,
            handler: isAsked ? static handler => handler.AutomaticDecompression = DecompressionMethods.All : null);
}
