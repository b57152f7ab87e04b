using System.Collections.Concurrent;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// A server that fails at random points in random ways, and keeps its own account of what it has processed: by the id that each request
/// carries. It honours its own word: a stream that it refused, or that is above the last id it named, is never processed.
/// </summary>
internal sealed class RandomFaultPeer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _processed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _resets = new(StringComparer.Ordinal);
    private readonly RawHttp2Server _server;
    private readonly int _seed;

    public RandomFaultPeer(int seed)
    {
        _seed = seed;
        _server = new RawHttp2Server(RunAsync, tls: false);
    }

    public Uri Address => _server.Address;

    /// <summary>Gets the ids that were processed more than once.</summary>
    public IEnumerable<string> ProcessedTwice => _processed.Where(static pair => pair.Value > 1).Select(static pair => pair.Key);

    /// <summary>Tells whether the server itself has said that a request failed by its own fault.</summary>
    public bool HasReset(string id) => _resets.ContainsKey(id);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task RunAsync(RawHttp2Connection connection)
    {
        var random = new Random(HashCode.Combine(_seed, connection.Number));
        if (random.Next(40) == 0)
        {
            connection.Cut();
            return;
        }

        await connection.SendSettingsAsync(random.Next(1, 60));
        var last = int.MaxValue;
        var accepted = 0;
        while (true)
        {
            var request = await connection.ReceiveAsync();
            if (request.StreamId > last)
            {
                continue;
            }

            var fault = random.Next(100);
            if (fault < 2)
            {
                // All but this one and what follows, or this one too; never below what may be processed already.
                last = random.Next(2) == 0 ? Math.Min(accepted, last) : Math.Min(request.StreamId, last);
                await connection.SendGoAwayAsync(last, random.Next(2) == 0 ? ErrorCode.NoError : ErrorCode.InternalError);
                if (random.Next(2) == 0)
                {
                    connection.HalfClose();
                }

                if (request.StreamId > last)
                {
                    continue;
                }
            }

            accepted = request.StreamId;
            _ = HandleAsync(connection, request, fault, random.Next(1, 30));
        }
    }

    private async Task HandleAsync(RawHttp2Connection connection, RawRequest request, int fault, int milliseconds)
    {
        try
        {
            await HandleAsync(connection, request, request.Headers["x-id"], fault, milliseconds);
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
    }

    private async Task HandleAsync(RawHttp2Connection connection, RawRequest request, string id, int fault, int milliseconds)
    {
        if (fault is 10 or 11)
        {
            await connection.SendResetAsync(request.StreamId, ErrorCode.RefusedStream);
            return;
        }

        await request.Complete;
        if (request.IsReset || request.Bytes == 0)
        {
            return;
        }

        _processed.AddOrUpdate(id, 1, static (_, count) => count + 1);
        switch (fault)
        {
            case 20:
                connection.Cut();
                return;
            case 21:
                connection.HalfClose();
                return;
            case 22:
                _resets[id] = true;
                await connection.SendResetAsync(request.StreamId, ErrorCode.InternalError);
                return;
            case 23:
                await connection.SendHeadersAsync(request.StreamId);
                connection.Cut();
                return;
            case 24:
                await connection.SendHeadersAsync(request.StreamId);
                await connection.SendMessageAsync(request.StreamId);
                connection.HalfClose();
                return;
            case 25:
                await connection.SendHeadersAsync(request.StreamId, endHeaders: false);
                connection.HalfClose();
                return;
            case 26:
                // Never answered: its deadline ends it.
                return;
            case > 90:
                await Task.Delay(milliseconds);
                break;
        }

        await connection.AnswerAsync(request.StreamId);
    }
}
