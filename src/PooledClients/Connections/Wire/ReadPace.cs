using System.Runtime.CompilerServices;
using PooledClients.Connections.Telemetry;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Platform;

namespace PooledClients.Connections.Wire;

/// <summary>
/// How much of what has arrived a connection hands on before those it is for get their turn. The runtime takes a buffer of 16 KB for
/// each response that has come and is not read yet, and its pool keeps 32 of them for each processor. A burst that is handed on at once
/// is allocated beyond that: measured with 1,500 calls in flight, 30 KB a call, and half of the time spent in pauses of the garbage
/// collector.
/// </summary>
/// <remarks>
/// With more calls in flight to the address than the pool has buffers, the connection reads a few responses' worth of bytes at a time, and
/// while many of the calls wait for this process it joins the queue of the thread pool behind the work that they make before it reads on.
/// Other work in that queue is no reason to wait: measured with 60 items that block for 2 ms each, a turn for each few responses cost more
/// than half of the calls. What a response is worth is measured, so that long ones are read as they come. Only the connection's one reader
/// touches this.
/// </remarks>
/// <param name="callsInFlight">Tells the calls in flight to the address.</param>
/// <param name="connection">The connection.</param>
/// <param name="frames">Counts the responses.</param>
/// <param name="callsAtHand">Tells how many of them wait for this process; where that is not known, it is taken to be many.</param>
internal sealed class ReadPace(Func<int> callsInFlight, PooledConnection connection, IEndedStreams frames, Func<int>? callsAtHand = null)
{
    /// <summary>A quarter of what the pool keeps for a processor: its threads are more than one, and each may be at a read.</summary>
    internal const int ResponsesARead = RuntimeContracts.PooledBuffersAProcessor / 4;

    /// <summary>The responses of which the worth of one is measured.</summary>
    internal const int Sample = 4 * ResponsesARead;

    /// <summary>What is read at a time however short the responses are.</summary>
    internal const int LeastBytes = 1024;

    // What has passed since the last measurement.
    private long _bytes;
    private int _responses;

    // The connection had nothing left to hand on, and waited for what arrives: nobody waits for the thread on its account.
    private bool _isFresh;

    /// <summary>The calls in flight for all of which the runtime's pool has a buffer.</summary>
    public static int Crowd { get; } = RuntimeContracts.PooledBuffersAProcessor * Environment.ProcessorCount;

    /// <summary>
    /// The calls waiting for this process from which a connection waits for its turn: the pool's buffers, less what connections hand on before
    /// they look again.
    /// </summary>
    private static int AtHand { get; } = Crowd * 5 / 8;

    /// <summary>The most that is read at a time in a crowd.</summary>
    public int MostBytes { get; private set; } = int.MaxValue;

    public ValueTask<int> ReadAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.IsEmpty)
        {
            // The runtime asks for nothing first, to learn that something has arrived.
            var arrival = stream.ReadAsync(buffer, cancellationToken);
            _isFresh = !arrival.IsCompleted;
            return arrival.IsCompletedSuccessfully ? arrival : FinishAsync(arrival, buffer);
        }

        if (callsInFlight() <= Crowd)
        {
            var reading = stream.ReadAsync(buffer, cancellationToken);
            return reading.IsCompletedSuccessfully ? new(Passed(buffer, reading.Result)) : FinishAsync(reading, buffer);
        }

        return ReadInTurnAsync(stream, buffer, cancellationToken);
    }

    /// <summary>Bytes have been handed on.</summary>
    public void Passed(ReadOnlySpan<byte> bytes)
    {
        _bytes += bytes.Length;
        _responses += frames.Received(bytes);

        // A long response among short ones is not read in their measure until the sample is full.
        if (_responses >= Sample || _bytes > 2L * Sample / ResponsesARead * MostBytes)
        {
            MostBytes = (int)Math.Clamp(_bytes * ResponsesARead / Math.Max(_responses, 1), LeastBytes, int.MaxValue);
            _bytes = 0;
            _responses = 0;
        }
    }

    private int Passed(Memory<byte> buffer, int read)
    {
        if (read == 0)
        {
            return frames.End() is { } end ? throw end : 0;
        }

        Passed(buffer.Span[..read]);
        return read;
    }

    // The runtime closes the stream when the last call has let go of it: that may be late, or never.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishAsync(ValueTask<int> reading, Memory<byte> buffer)
    {
        int read;
        try
        {
            read = await reading.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            connection.Telemetry?.Ends(DisconnectReason.Of(exception));
            frames.End();
            throw;
        }

        return buffer.IsEmpty ? read : Passed(buffer, read);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadInTurnAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_isFresh && !(callsAtHand?.Invoke() < AtHand))
        {
            // What has come waits here now, and not for the network: the connection is not silent.
            connection.ReadArmed();

            // The work of the responses before is in the queue of this thread, which comes before the one of all threads that this joins.
            await Task.Yield();
        }

        _isFresh = false;
        buffer = buffer[..Math.Min(buffer.Length, MostBytes)];
        return await FinishAsync(stream.ReadAsync(buffer, cancellationToken), buffer).ConfigureAwait(false);
    }
}
