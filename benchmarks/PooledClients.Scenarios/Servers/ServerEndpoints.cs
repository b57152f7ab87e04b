using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace PooledClients.Scenarios.Servers;

/// <summary>Counts connections below TLS and handshakes above it, and closes connections when the server is to do so.</summary>
internal sealed class ServerEndpoints(ServerState state, ServerTls tls)
{
    public void ConfigureGrpc(ListenOptions listen) => Configure(listen, HttpProtocols.Http2, state.Grpc);

    public void ConfigureApi(ListenOptions listen) => Configure(listen, HttpProtocols.Http1AndHttp2, state.Api);

    private void Configure(ListenOptions listen, HttpProtocols protocols, ConnectionCounts counts)
    {
        listen.Protocols = protocols;
        listen.Use(next => async connection =>
        {
            counts.RecordAccepted();
            try
            {
                await next(connection);
            }
            finally
            {
                counts.RecordClosed();
            }
        });
        listen.UseHttps(tls.Configure);
        listen.Use(next => async connection =>
        {
            counts.RecordHandshake();
            using var closed = new CancellationTokenSource();
            var closing = CloseAsync(connection, closed.Token);
            await next(connection);
            await closed.CancelAsync();
            await closing;
        });
    }

    private async Task CloseAsync(ConnectionContext connection, CancellationToken closed)
    {
        var after = state.Behaviour.CloseConnectionsAfterMs;
        if (after > 0)
        {
            await Task.Delay(after, closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
    }
}
