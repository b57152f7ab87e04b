using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>An HTTP/2 server that sends the frames its script has, allowed or not.</summary>
internal sealed class Http2Peer(Func<RawHttp2Connection, Task> script, bool tls) : IPeer
{
    private readonly RawHttp2Server _server = new(
        async connection =>
        {
            await connection.SendSettingsAsync();
            await script(connection);
        },
        tls);

    public Uri Address => _server.Address;

    public static PeerFactory Runs(Func<RawHttp2Connection, Task> script, bool tls = false) => _ => new(new Http2Peer(script, tls));

    /// <summary>Has <paramref name="answer"/> answer each request whose last byte is here.</summary>
    public static PeerFactory Answers(Func<RawHttp2Connection, RawRequest, Task> answer, bool tls = false) => Runs(
        async connection =>
        {
            while (true)
            {
                await answer(connection, await connection.ReceiveCompleteAsync());
            }
        },
        tls);

    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await Task.WhenAll(_server.Connections.Select(static connection => connection.Ended));
        return [.. _server.Requests.Select(Text)];
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Text(RawRequest request)
    {
        var headers = request.Headers.Where(static header => header.Key is not ":authority" && !Outcome.IsOfTracing(header.Key)).Select(static header => $"{header.Key}: {header.Value}");
        return $"connection {request.Connection}: stream {request.StreamId} | {string.Join(" | ", headers)} | {request.Bytes} bytes{(request.IsReset ? " | reset" : "")}";
    }
}
