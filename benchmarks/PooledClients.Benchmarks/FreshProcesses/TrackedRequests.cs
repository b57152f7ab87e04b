using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using PooledClients.Connections.CallSites;
using PooledClients.Http;
using PooledClients.Http.Exchanges;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>
/// What leak tracking adds to a request: an HTTP/1.1 exchange of 16 KB over TLS on loopback, its headers first and its body read as a
/// stream, with the framework's handler alone, with an exchange and its deadline but no tracker, and with the library's outermost handler,
/// which is both. They take turns every 50 requests, so that what the machine does meanwhile meets all of them.
/// </summary>
internal sealed record TrackedRequests(double PlainMicroseconds, Cost Exchange, Cost Tracker)
{
    public const string Name = "tracked-requests";
    public const string Contender = "all";
    public const int Turns = 500;
    public const int RequestsATurn = 50;
    private static readonly Uri Path = new("record", UriKind.Relative);

    public static async Task<TrackedRequests> MeasureAsync(ServerAddress server)
    {
        var address = new Uri(server.Url);
        var services = new ServiceCollection();
        services.AddPooledHttpClient("api", options => options.BaseAddress = address);
        using var provider = services.BuildServiceProvider();
        var state = provider.GetRequiredService<HttpClients>().Find("api")!;
        var outermost = new HttpExchangeHandler(
            state, provider.GetRequiredService<CallSiteSampler>(), provider.GetRequiredService<RequestDurationInstruments>());
        using var plain = new HttpClient(Handlers.Create(server.CaPem)) { BaseAddress = address };
        using var untracked = Over(new UntrackedHandler(state), server);
        using var tracked = Over(outermost, server);
        return await CompareAsync([plain, untracked, tracked]);
    }

    private static HttpClient Over(DelegatingHandler outermost, ServerAddress server)
    {
        outermost.InnerHandler = Handlers.Create(server.CaPem);
        return new HttpClient(outermost) { BaseAddress = new Uri(server.Url), Timeout = Timeout.InfiniteTimeSpan };
    }

    private static async Task<TrackedRequests> CompareAsync(HttpClient[] clients)
    {
        var turns = await Turn.TakeAsync(Turns, [.. clients.Select(client => (Func<Task>)(() => ReadAsync(client)))]);
        return new TrackedRequests(Turn.MedianMicroseconds(turns, 0, RequestsATurn), Cost.Of(turns, 0, 1, RequestsATurn), Cost.Of(turns, 1, 2, RequestsATurn));
    }

    private static async Task ReadAsync(HttpClient client)
    {
        for (var request = 0; request < RequestsATurn; request++)
        {
            using var response = await client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
            await using var body = await response.Content.ReadAsStreamAsync();
            await body.CopyToAsync(Stream.Null);
        }
    }

    /// <summary>The outermost handler without its tracker: each request has its exchange, which ends with the headers.</summary>
    private sealed class UntrackedHandler(HttpClientState client) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var exchange = new HttpExchange(client, client.Routes.Get(request), client.Options.Deadline ?? Timeout.InfiniteTimeSpan, callSite: null);
            request.Options.Set(HttpExchange.Key, exchange);
            var cancellation = cancellationToken.UnsafeRegister(
                static state => ((HttpExchange)state!).Abort(ExchangeEnd.Cancelled), exchange);
            try
            {
                return await base.SendAsync(request, exchange.Token).ConfigureAwait(false);
            }
            finally
            {
                cancellation.Unregister();
                exchange.TryComplete();
            }
        }
    }
}
