using System.Diagnostics.Metrics;
using PooledClients.Connections.CallSites;
using PooledClients.Http;
using PooledClients.Http.Exchanges;
using PooledClients.Tests.Http.Leaks;

namespace PooledClients.Tests.Http;

/// <summary>
/// What the exchange and the tracker cost a request, and what a deadline adds, on one thread and in memory. The calls are between two
/// samples of the call site, which costs some 15 KB once in 2,048 calls of a route.
/// </summary>
public sealed class TrackingCostTests
{
    private const int Requests = (int)CallSiteSampler.SampleEvery / 2;

#if DEBUG
    // Without optimisation the state of an async method is an object of its own, waited for or not.
    private const long Unoptimized = 192;
#else
    private const long Unoptimized = 0;
#endif

    [Fact]
    public void Get_OpenBody_TracksForLessThanAKilobyte()
    {
        var tracking = CostOf(isOpen: true, withDeadline: false) - CostOf(isOpen: false, withDeadline: false);

        TestContext.Current.TestOutputHelper?.WriteLine($"{tracking} B a request");
        Assert.InRange(tracking, 1, 1024);
    }

    [Theory]
    [InlineData(false, false, 768)]
    [InlineData(true, false, 1216)]
    [InlineData(true, true, 1408)]
    public void Get_WholeExchange_CostsNoMoreThan(bool isOpen, bool withDeadline, long mostBytes)
    {
        var cost = CostOf(isOpen, withDeadline);

        TestContext.Current.TestOutputHelper?.WriteLine($"{cost} B a request");
        Assert.InRange(cost, 1, mostBytes + Unoptimized);
    }

    private static double CostOf(bool isOpen, bool withDeadline)
    {
        using var pipeline = new HttpPipeline(
            (_, _) => throw new InvalidOperationException(),
            options => options.Deadline = withDeadline ? TimeSpan.FromMinutes(1) : null,
            TimeProvider.System);

        // The instrument exists once a real handler has sent; nobody listens to it here.
        pipeline.Meters.Create("System.Net.Http").CreateHistogram<double>("http.client.request.duration");
        using var server = new Server(isOpen);
        using var handler = new HttpExchangeHandler(pipeline.State, pipeline.Sampler, pipeline.Durations) { InnerHandler = server };
        using var pooled = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var plain = new HttpClient(server) { Timeout = Timeout.InfiniteTimeSpan };
        return Measure(pooled) - Measure(plain);
    }

    private static double Measure(HttpClient client)
    {
        Run(client);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(client);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Requests;
    }

    private static void Run(HttpClient client)
    {
        var buffer = new byte[64];
        for (var i = 0; i < Requests; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "https://api.internal/users");
            using var response = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None).GetAwaiter().GetResult();
            using var body = response.Content.ReadAsStream();
            while (body.Read(buffer) > 0)
            {
            }
        }
    }

    private sealed class Server(bool isOpen) : HttpMessageHandler
    {
        private static readonly byte[] Body = new byte[100];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // As every transport has to.
            _ = request.RequestUri!.IdnHost + request.RequestUri.PathAndQuery;

            // Not seekable and of no known length, like a body from the network.
            HttpContent content = isOpen ? new StreamContent(new BufferedStream(new MemoryStream(Body), 128)) : new ByteArrayContent(Body);
            content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");
            return Task.FromResult(new HttpResponseMessage { Content = content });
        }
    }
}
