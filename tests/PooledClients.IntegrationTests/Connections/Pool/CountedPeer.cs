using System.Collections.Concurrent;
using PooledClients.IntegrationTests.Http2;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>
/// A server that does at random what a server may do: SETTINGS that change, answers whose END_STREAM comes early, late or before the
/// request's, resets, GOAWAY, connections cut. It counts for itself which streams are open, and how many went over its limit.
/// </summary>
internal sealed class CountedPeer(int seed)
{
    private readonly ConcurrentDictionary<int, PeerConnection> _connections = new();
    private int _overLimit;

    /// <summary>Gets the streams that are open, by this side's own count.</summary>
    public int Open => _connections.Values.Sum(static connection => connection.Open);

    /// <summary>Gets the streams that came although the connection's acknowledged limit was reached.</summary>
    public int OverLimit => Volatile.Read(ref _overLimit);

    public async Task ServeAsync(RawHttp2Connection connection)
    {
        var random = new Random(seed + connection.Number);
        var mine = _connections[connection.Number] = new PeerConnection(connection, random.Next(1, 101));
        try
        {
            connection.OnRequest = request =>
            {
                if (mine.Enter(request) > mine.Limit)
                {
                    Interlocked.Increment(ref _overLimit);
                }
            };
            connection.OnReset = mine.Leave;
            await connection.SendSettingsAsync(mine.Limit);
            var lastsFor = random.Next(50, 2_000);
            for (var served = 0; served < lastsFor; served++)
            {
                var request = await connection.ReceiveAsync();
                _ = AnswerAsync(mine, request, random.Next(), last: false);
                if (random.Next(200) == 0)
                {
                    // Only raised: a lowered limit is over at once for what is on its way.
                    mine.Limit += random.Next(1, 50);
                    await connection.SendSettingsAsync(mine.Limit);
                }
            }

            if (random.Next(2) == 0)
            {
                connection.Cut();
                return;
            }

            await connection.SendGoAwayAsync(int.MaxValue, ErrorCode.NoError);
            while (true)
            {
                _ = AnswerAsync(mine, await connection.ReceiveAsync(), random.Next(), last: true);
            }
        }
        finally
        {
            mine.End();
        }
    }

    private static async Task AnswerAsync(PeerConnection mine, RawRequest request, int seed, bool last)
    {
        var random = new Random(seed);
        var connection = mine.Connection;
        try
        {
            if (random.Next(20) == 0)
            {
                // END_STREAM before the request's own.
                await connection.SendRefusalAsync(request.StreamId, "14");
                await connection.SendResetAsync(request.StreamId, ErrorCode.NoError);
                mine.Leave(request.StreamId);
                return;
            }

            await request.Complete;
            if (request.IsReset)
            {
                mine.Leave(request.StreamId);
                return;
            }

            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(1, 10));
            }

            if (!last && random.Next(20) == 0)
            {
                mine.Leave(request.StreamId);
                await connection.SendResetAsync(request.StreamId, random.Next(2) == 0 ? ErrorCode.RefusedStream : ErrorCode.InternalError);
                return;
            }

            await connection.SendHeadersAsync(request.StreamId);
            await connection.SendMessageAsync(request.StreamId);
            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(1, 10));
            }

            // Before the last frame: the client may send the next request as soon as it has that.
            mine.Leave(request.StreamId);
            await connection.SendTrailersAsync(request.StreamId);
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
    }

    private sealed class PeerConnection(RawHttp2Connection connection, int limit)
    {
        private readonly ConcurrentDictionary<int, RawRequest> _open = new();
        private volatile bool _isOver;

        public RawHttp2Connection Connection => connection;

        public int Limit { get; set; } = limit;

        public int Open => _isOver ? 0 : _open.Count;

        public int Enter(RawRequest request)
        {
            _open[request.StreamId] = request;
            return Open;
        }

        public void Leave(int streamId) => _open.TryRemove(streamId, out _);

        public void End() => _isOver = true;
    }
}
