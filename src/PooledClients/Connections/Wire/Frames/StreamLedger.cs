namespace PooledClients.Connections.Wire.Frames;

/// <summary>
/// The streams of one connection. A stream counts from its HEADERS to its reset, by whomever, or to the END_STREAM of both sides (RFC
/// 9113, section 5.1.2), whatever its caller does with it. Its owner's lock guards it, but for the counts.
/// </summary>
internal sealed class StreamLedger
{
    // Two million streams of one connection at a time are more than a process can hold; those that are over count on from 0 after four million.
    private const int OpenBits = 21;
    private const int OverBits = 64 - (2 * OpenBits);
    private const int OpenMask = (1 << OpenBits) - 1;
    private const int OverMask = (1 << OverBits) - 1;

    private readonly Dictionary<int, StreamState> _streams = [];
    private int _answered;
    private int _over;

    // Streams beyond it are none of the server's, also those that are sent after its word has been read.
    private int _last = int.MaxValue;

    // The open streams in the highest bits, then the answered ones, then those that are over: readers see all three as of one moment.
    private long _counts;

    /// <summary>
    /// Gets the streams that are open, those of them whose response has begun, and those that are over, which <see cref="Difference"/> compares;
    /// may be read without the lock.
    /// </summary>
    public (int Open, int Answered, int Over) Counts
    {
        get
        {
            var counts = Volatile.Read(ref _counts);
            return ((int)(counts >>> (OpenBits + OverBits)), (int)(counts >>> OverBits) & OpenMask, (int)counts & OverMask);
        }
    }

    /// <summary>How much higher one count of streams that are over is than another, both of them taken from where counting last began again.</summary>
    public static int Difference(int higher, int lower) => (higher - lower) << (32 - OverBits) >> (32 - OverBits);

    public void Open(int streamId)
    {
        if (streamId <= _last)
        {
            _streams.TryAdd(streamId, StreamState.Open);
        }
    }

    /// <summary>Marks a stream that is open.</summary>
    /// <returns>Whether that has ended it.</returns>
    public bool Mark(int streamId, StreamState mark)
    {
        if (!_streams.TryGetValue(streamId, out var state) || (state & mark) == mark)
        {
            return false;
        }

        if (((state | mark) & StreamState.Ended) == StreamState.Ended)
        {
            return Remove(streamId);
        }

        _streams[streamId] = state | mark;
        _answered += mark == StreamState.Answered ? 1 : 0;
        return false;
    }

    /// <param name="streamId">Which stream has ended.</param>
    /// <param name="isTakenBack">Whether the server has it no more: one that it has not answered is not over, for the runtime may send its request again.</param>
    public bool Remove(int streamId, bool isTakenBack = false)
    {
        if (!_streams.Remove(streamId, out var state))
        {
            return false;
        }

        var isAnswered = (state & StreamState.Answered) != 0;
        _answered -= isAnswered ? 1 : 0;
        _over += isAnswered || !isTakenBack ? 1 : 0;
        return true;
    }

    /// <summary>The server takes no stream beyond the last one that it has named.</summary>
    public bool RemoveAbove(int lastStreamId)
    {
        _last = lastStreamId;
        var removed = false;
        foreach (var id in _streams.Keys)
        {
            removed |= id > lastStreamId && Remove(id, isTakenBack: true);
        }

        return removed;
    }

    public void Clear()
    {
        _streams.Clear();
        _answered = 0;
        Publish();
    }

    /// <summary>Lets readers see what has changed.</summary>
    public void Publish() =>
        Volatile.Write(ref _counts, ((long)_streams.Count << (OpenBits + OverBits)) | ((long)_answered << OverBits) | (long)(_over & OverMask));
}
