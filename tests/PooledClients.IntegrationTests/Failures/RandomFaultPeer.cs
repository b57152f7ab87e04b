using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// A server that fails at random points in random ways, and keeps its own account of what it has processed: by the id that each request
/// carries, but for what may be processed more than once. It honours its own word: a stream that it refused, or that is above the last id it named, is
/// never processed.
/// </summary>
internal sealed class RandomFaultPeer : IAsyncDisposable
{
    /// <summary>The header of a request that may be processed more than once.</summary>
    public const string Idempotent = "x-idempotent";

    private static readonly int Whole = Calls.AnyPut.CalculateSize() + 5;
    private static readonly ErrorCode[] Codes =
        [ErrorCode.NoError, ErrorCode.ProtocolError, ErrorCode.FlowControlError, ErrorCode.Cancel, ErrorCode.EnhanceYourCalm, ErrorCode.InadequateSecurity];

    private readonly ConcurrentDictionary<string, int> _processed;
    private readonly ConcurrentDictionary<string, bool> _resets;

    // By connection and stream: whether it is decided that it is processed, or that it is not.
    private readonly ConcurrentDictionary<(int Connection, int Stream), bool> _taken = new();
    private readonly RawHttp2Server _server;
    private readonly int _seed;

    /// <param name="seed">What its faults follow from.</param>
    /// <param name="partner">Another server of the service, with which it shares its account.</param>
    public RandomFaultPeer(int seed, RandomFaultPeer? partner = null)
    {
        _seed = seed;
        _processed = partner?._processed ?? new(StringComparer.Ordinal);
        _resets = partner?._resets ?? new(StringComparer.Ordinal);
        _server = new RawHttp2Server(RunAsync, tls: false);
    }

    public Uri Address => _server.Address;

    /// <summary>Gets the ids that were processed more than once, here or by another server that shares its account.</summary>
    public IEnumerable<string> ProcessedTwice => _processed.Where(static pair => pair.Value > 1).Select(static pair => pair.Key);

    /// <summary>Tells whether the server itself has said that a request failed by its own fault, by a code that is <c>Internal</c> to gRPC.</summary>
    public bool HasReset(string id) => _resets.ContainsKey(id);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task RunAsync(RawHttp2Connection connection)
    {
        // HashCode differs from process to process, so that a seed would repeat nothing.
        var random = new Random(unchecked((_seed * 397) + connection.Number));
        switch (random.Next(80))
        {
            case 0 or 1:
                connection.Cut();
                return;
            case 2:
                // It reads a message without having said a word, and is gone.
                await ProcessAsync(await connection.ReceiveAsync());
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
                // All but this one and what follows, or this one too, or some below that are then not processed any more.
                last = Math.Min(last, random.Next(3) switch { 0 => accepted, 1 => request.StreamId, _ => Lower(connection, accepted) });
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
            _taken[(connection.Number, request.StreamId)] = false;
            _ = HandleAsync(connection, request, fault, random.Next(1, 30));
        }
    }

    private async Task HandleAsync(RawHttp2Connection connection, RawRequest request, int fault, int milliseconds)
    {
        try
        {
            if (request.Headers.TryGetValue("x-id", out var id))
            {
                await HandleAsync(connection, request, id, fault, milliseconds);
                return;
            }

            // Nobody's call: where there are several endpoints their health is watched, which it does not offer.
            await connection.SendRefusalAsync(request.StreamId, ((int)StatusCode.Unimplemented).ToString(CultureInfo.InvariantCulture));
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

        if (fault is 12 && request.Bytes == 0)
        {
            // Before its message.
            await ResetAsync(connection, request, id, Codes[milliseconds % Codes.Length]);
            return;
        }

        if (!await ProcessAsync(connection, request, isWhole: fault is 13 or 14))
        {
            return;
        }

        switch (fault)
        {
            case 27 or 28:
                await ResetAsync(connection, request, id, Codes[milliseconds % Codes.Length]);
                return;
            case 14:
                connection.Cut();
                return;
            case 20:
                connection.Cut();
                return;
            case 21:
                connection.HalfClose();
                return;
            case 22:
                await ResetAsync(connection, request, id, ErrorCode.InternalError);
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
                await connection.HalfCloseInHeadersAsync(request.StreamId);
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

    private Task ResetAsync(RawHttp2Connection connection, RawRequest request, string id, ErrorCode code)
    {
        if (code is not (ErrorCode.Cancel or ErrorCode.EnhanceYourCalm or ErrorCode.InadequateSecurity))
        {
            _resets[id] = true;
        }

        return connection.SendResetAsync(request.StreamId, code);
    }

    // The highest stream that is not above any which is being processed already.
    private int Lower(RawHttp2Connection connection, int accepted)
    {
        var last = accepted;
        while (last > 0 && _taken.TryUpdate((connection.Number, last), true, false))
        {
            last -= 2;
        }

        return Math.Max(last, 0);
    }

    // A stream above a last id that was named meanwhile is not processed.
    private async Task<bool> ProcessAsync(RawHttp2Connection connection, RawRequest request, bool isWhole)
    {
        if (isWhole)
        {
            // A message is whole with its bytes, not with the end of its stream: so have it servers that are not ours.
            while (request.Bytes < Whole && !request.Complete.IsCompleted)
            {
                await Task.Delay(1);
            }
        }
        else
        {
            await request.Complete;
        }

        return !request.IsReset && _taken.TryUpdate((connection.Number, request.StreamId), true, false) && Process(request);
    }

    private async Task ProcessAsync(RawRequest request)
    {
        await request.Complete;
        Process(request);
    }

    private bool Process(RawRequest request)
    {
        if (request.Bytes < Whole)
        {
            return false;
        }

        if (!request.Headers.ContainsKey(Idempotent))
        {
            _processed.AddOrUpdate(request.Headers["x-id"], 1, static (_, count) => count + 1);
        }

        return true;
    }
}
