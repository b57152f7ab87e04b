using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using PooledClients.Http;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>
/// What leak tracking adds to a request: an HTTP/1.1 exchange of 16 KB over TLS on loopback, its headers first and its body read as a
/// stream, with the framework's handler alone, with an exchange and its deadline but no tracker, and with the library's outermost handler,
/// which is both. They take turns every 50 requests, so that what the machine does meanwhile meets all of them.
/// </summary>
internal sealed record TrackedRequests(double PlainMicroseconds, TrackedRequests.Cost Exchange, TrackedRequests.Cost Tracker)
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
        using ServiceProvider provider = services.BuildServiceProvider();
        HttpClientState state = provider.GetRequiredService<HttpClients>().Find("api")!;
        var outermost = new HttpExchangeHandler(
            state, provider.GetRequiredService<CallSiteSampler>(), provider.GetRequiredService<RequestDurationInstruments>());
        using var plain = new HttpClient(Handlers.Create(server.CaPem)) { BaseAddress = address };
        using HttpClient untracked = Over(new UntrackedHandler(state), server);
        using HttpClient tracked = Over(outermost, server);
        return await CompareAsync([plain, untracked, tracked]);
    }

    private static HttpClient Over(DelegatingHandler outermost, ServerAddress server)
    {
        outermost.InnerHandler = Handlers.Create(server.CaPem);
        return new HttpClient(outermost) { BaseAddress = new Uri(server.Url), Timeout = Timeout.InfiniteTimeSpan };
    }

    private static async Task<TrackedRequests> CompareAsync(HttpClient[] clients)
    {
        const int WarmUp = Turns / 3;
        List<Turn[]> turns = [];
        for (int turn = 0; turn < WarmUp + Turns; turn++)
        {
            var taken = new Turn[clients.Length];
            for (int place = 0; place < clients.Length; place++)
            {
                // Each goes first as often as the others.
                int client = (turn + place) % clients.Length;
                taken[client] = await TakeTurnAsync(clients[client]);
            }

            turns.Add(taken);
        }

        turns.RemoveRange(0, WarmUp);
        double[] plain = [.. turns.Select(turn => turn[0].Time.TotalMicroseconds / RequestsATurn).Order()];
        return new TrackedRequests(plain[Turns / 2], Cost.Of(turns, 0, 1), Cost.Of(turns, 1, 2));
    }

    private static async Task<Turn> TakeTurnAsync(HttpClient client)
    {
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        long started = Stopwatch.GetTimestamp();
        await ReadAsync(client);
        return new Turn(Stopwatch.GetElapsedTime(started), GC.GetTotalAllocatedBytes(precise: true) - bytes);
    }

    private static async Task ReadAsync(HttpClient client)
    {
        for (int request = 0; request < RequestsATurn; request++)
        {
            using HttpResponseMessage response = await client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
            await using Stream body = await response.Content.ReadAsStreamAsync();
            await body.CopyToAsync(Stream.Null);
        }
    }

    /// <summary>What one client adds to another: the median of the ratios turn by turn, and bytes a request.</summary>
    public sealed record Cost(double Ratio, double AddedBytes)
    {
        public static Cost Of(IReadOnlyList<Turn[]> turns, int without, int with)
        {
            double[] ratios = [.. turns.Select(turn => turn[with].Time / turn[without].Time).Order()];
            double[] bytes = [.. turns.Select(turn => (double)(turn[with].Bytes - turn[without].Bytes) / RequestsATurn).Order()];
            return new Cost(ratios[ratios.Length / 2], bytes[bytes.Length / 2]);
        }
    }

    public readonly record struct Turn(TimeSpan Time, long Bytes);

    /// <summary>The outermost handler without its tracker: each request has its exchange, which ends with the headers.</summary>
    private sealed class UntrackedHandler(HttpClientState client) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var exchange = new HttpExchange(client.Routes.Get(request), client.Options.Deadline ?? Timeout.InfiniteTimeSpan, callSite: null);
            request.Options.Set(HttpExchange.Key, exchange);
            CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
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
