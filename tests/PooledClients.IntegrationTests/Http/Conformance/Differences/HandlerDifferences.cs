using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Differences;

/// <summary>What a handler of ours is set to, beside one as it comes.</summary>
internal static class HandlerDifferences
{
    public static IEnumerable<ConformanceCase> Cases { get; } =
    [
        Set("a connect without an end", MeantDifferences.ConnectTime, "connect timeout: -00:00:00.0010000", "connect timeout: 00:00:05", static (trial, handler, options) =>
            trial.Note("connect timeout", options?.Connection.ConnectTimeout ?? handler.ConnectTimeout)),
        Set("an unread body", MeantDifferences.DrainTime, "drain: 00:00:02", "drain: 00:00:00.1000000", static (trial, handler, _) => trial.Note("drain", handler.ResponseDrainTimeout)),
        Set("a second HTTP/2 connection", MeantDifferences.ManyHttp2, "several: False", "several: True", static (trial, handler, _) => trial.Note("several", handler.EnableMultipleHttp2Connections)),
        Set("a connection's age", MeantDifferences.ConnectionAge, "bounded: False", "bounded: True", static (trial, handler, _) =>
            trial.Note("bounded", handler.PooledConnectionLifetime >= TimeSpan.FromMinutes(4) && handler.PooledConnectionLifetime <= TimeSpan.FromMinutes(6))),
        Set("an idle connection", MeantDifferences.IdleTime, "idle: 00:01:00", "idle: 00:02:00", static (trial, handler, _) => trial.Note("idle", handler.PooledConnectionIdleTimeout)),
        Callback("a connect callback", static handler => handler.ConnectCallback = ConnectAsync),
        Callback("a callback that judges certificates", static handler => handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, errors) => errors == SslPolicyErrors.None),
    ];

    private static ConformanceCase Set(string name, Difference difference, string plain, string pooled, Action<Trial, SocketsHttpHandler, PooledHttpClientOptions?> note) => new(
        name,
        KestrelServers.Http1,
        async trial =>
        {
            if (trial.Side == Side.Plain)
            {
                using var asItComes = new SocketsHttpHandler();
                note(trial, asItComes, null);
                return;
            }

            SocketsHttpHandler? seen = null;
            PooledHttpClientOptions? options = null;
            await GetAsync(trial, services => services.AddPooledHttpClient("a", own => options = own).ConfigurePooledHandler(handler => seen = handler));
            note(trial, seen!, options);
        },
        plain)
    {
        Meant = (difference, pooled),
    };

    private static ConformanceCase Callback(string name, Action<SocketsHttpHandler> configure) => new(
        name,
        KestrelServers.Http1,
        trial => GetAsync(trial, services => _ = trial.Side == Side.Plain
            ? services.AddHttpClient("a").UseSocketsHttpHandler((handler, _) => configure(handler))
            : services.AddPooledHttpClient("a").ConfigurePooledHandler(configure)),
        "status: 200")
    {
        Meant = (MeantDifferences.Callbacks, "thrown: InvalidOperationException"),
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task GetAsync(Trial trial, Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        add(services);
        await using var provider = services.BuildServiceProvider();
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("a");
        using var response = await client.GetAsync(new Uri(trial.Peer.Address, "text"));
        trial.Note("status", ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture));
    }
}
