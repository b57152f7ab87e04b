using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A server that ends a call while a message of it is between two pieces, the second of which nobody makes room for.</summary>
internal static class HalfReadMessage
{
    private const int Window = 65_535;

    /// <summary>Starts it. The stream has more room than the connection, so that the write has sent one piece and waits with the next when the call ends.</summary>
    /// <param name="end">Ends the call on this stream, which the client then resets.</param>
    public static RawHttp2Server Start(Func<RawHttp2Connection, int, Task> end) => new(
        async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveAsync();
            await connection.SendWindowUpdateAsync(request.StreamId, 10_000);
            await Eventually.EqualAsync(Window, () => request.Bytes);
            await end(connection, request.StreamId);
            await Eventually.HoldsAsync(() => request.IsReset);
            await connection.SendWindowUpdateAsync(0, Window);
            await connection.Ended;
        },
        tls: false);
}
