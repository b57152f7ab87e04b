using System.Collections.Concurrent;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>
/// A server that does at random what a server may do: SETTINGS that rise and fall, answers whose END_STREAM comes early, late or before
/// the request's, resets, GOAWAY with a last stream in the past or the future, frames cut into pieces, pauses in reading, connections cut.
/// It counts for itself which streams are open, and how many went over its limit.
/// </summary>
/// <param name="seed">What its decisions follow from.</param>
/// <param name="lowers">Whether a limit may fall as well.</param>
internal sealed class CountedPeer(int seed, bool lowers)
{
    private readonly ConcurrentDictionary<int, PeerConnection> _connections = new();
    private int _overLimit;

    /// <summary>Gets the streams that are open, by this side's own count.</summary>
    public int Open => _connections.Values.Sum(static connection => connection.Open);

    /// <summary>Gets the streams that came although the connection had as many as it was ever told to take.</summary>
    public int OverLimit => Volatile.Read(ref _overLimit);

    public async Task ServeAsync(RawHttp2Connection connection)
    {
        var random = new Random(seed + connection.Number);
        var mine = _connections[connection.Number] = new PeerConnection(connection, random.Next(1, 101));
        try
        {
            connection.OnRequest = request =>
            {
                if (mine.Enter(request) > mine.MostLimit)
                {
                    Interlocked.Increment(ref _overLimit);
                }
            };
            connection.OnReset = mine.Leave;
            var reading = new Random(random.Next());
            connection.BeforeFrame = () => reading.Next(300) == 0 ? Task.Delay(reading.Next(1, 30)) : Task.CompletedTask;
            connection.LongestWrite = random.Next(3) == 0 ? random.Next(1, 20) : int.MaxValue;
            await connection.SendSettingsAsync(mine.Limit);
            var lastsFor = random.Next(50, 2_000);
            for (var served = 0; served < lastsFor; served++)
            {
                var request = await connection.ReceiveAsync();
                _ = AnswerAsync(mine, request, random.Next(), isLast: false);
                if (random.Next(200) == 0)
                {
                    mine.Limit = Math.Max(1, mine.Limit + random.Next(lowers ? -30 : 0, 50));
                    await connection.SendSettingsAsync(mine.Limit);
                }
            }

            if (random.Next(3) == 0)
            {
                connection.Cut();
                return;
            }

            await connection.SendGoAwayAsync(mine.GoAway(random.Next(2) == 0 ? int.MaxValue : random.Next(0, 30)), ErrorCode.NoError);
            while (true)
            {
                _ = AnswerAsync(mine, await connection.ReceiveAsync(), random.Next(), isLast: true);
            }
        }
        finally
        {
            mine.End();
        }
    }

    public override string ToString() => string.Join("; ", _connections.Values.Where(static connection => connection.Open > 0));

    private static async Task AnswerAsync(PeerConnection mine, RawRequest request, int seed, bool isLast)
    {
        var random = new Random(seed);
        var connection = mine.Connection;
        try
        {
            if (random.Next(20) == 0 && mine.Has(request.StreamId))
            {
                // END_STREAM before the request's own, perhaps; left first, for where it is not the client may use the place at once.
                mine.Leave(request.StreamId);
                await connection.SendRefusalAsync(request.StreamId, "14");
                await connection.SendResetAsync(request.StreamId, ErrorCode.NoError);
                return;
            }

            var isEarly = random.Next(3) == 0 && mine.Has(request.StreamId);
            if (isEarly)
            {
                await connection.SendHeadersAsync(request.StreamId);
            }

            await request.Complete;
            if (random.Next(4) == 0)
            {
                await Task.Delay(random.Next(1, 10));
            }

            if (request.IsReset || !mine.Has(request.StreamId))
            {
                mine.Leave(request.StreamId);
                return;
            }

            if (!isLast && random.Next(20) == 0)
            {
                mine.Leave(request.StreamId);
                await connection.SendResetAsync(request.StreamId, random.Next(2) == 0 ? ErrorCode.RefusedStream : ErrorCode.InternalError);
                return;
            }

            if (!isEarly)
            {
                await connection.SendHeadersAsync(request.StreamId);
            }

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
        private readonly Lock _lock = new();

        // Guarded by _lock.
        private readonly HashSet<int> _open = [];
        private int _limit = limit;
        private int _newest;
        private int _last = int.MaxValue;
        private bool _isOver;

        public RawHttp2Connection Connection => connection;

        public int Limit
        {
            get => _limit;
            set => (_limit, MostLimit) = (value, Math.Max(MostLimit, value));
        }

        /// <summary>Gets the highest limit so far: a lower one is over at once for what is on its way.</summary>
        public int MostLimit { get; private set; } = limit;

        public int Open
        {
            get
            {
                lock (_lock)
                {
                    return _isOver ? 0 : _open.Count;
                }
            }
        }

        public int Enter(RawRequest request)
        {
            lock (_lock)
            {
                _newest = request.StreamId;
                if (request.StreamId <= _last)
                {
                    _open.Add(request.StreamId);
                }

                return _open.Count;
            }
        }

        public bool Has(int streamId)
        {
            lock (_lock)
            {
                return _open.Contains(streamId);
            }
        }

        public void Leave(int streamId)
        {
            lock (_lock)
            {
                _open.Remove(streamId);
            }
        }

        /// <summary>Takes no stream any more beyond one that is some streams back; none back for the highest number.</summary>
        public int GoAway(int back)
        {
            lock (_lock)
            {
                _last = back == int.MaxValue ? int.MaxValue : Math.Max(1, _newest - (2 * back));
                _open.RemoveWhere(id => id > _last);
                return _last;
            }
        }

        public override string ToString()
        {
            lock (_lock)
            {
                return $"#{connection.Number} open {string.Join(',', _open)} of {_newest}, last {_last}, at most {_limit}";
            }
        }

        public void End()
        {
            lock (_lock)
            {
                _isOver = true;
            }
        }
    }
}
