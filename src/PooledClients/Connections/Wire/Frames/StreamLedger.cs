namespace PooledClients.Connections.Wire.Frames;

/// <summary>
/// The streams of one connection. A stream counts from its HEADERS to its reset, by whomever, or to the END_STREAM of both sides (RFC
/// 9113, section 5.1.2), whatever its caller does with it. Its owner's lock guards it, but for the counts.
/// </summary>
internal sealed class StreamLedger
{
    private readonly Dictionary<int, StreamState> _streams = [];
    private int _answered;

    // Streams beyond it are none of the server's, also those that are sent after its word has been read.
    private int _last = int.MaxValue;

    // The open streams in the upper half, the answered ones in the lower: readers see both as of one moment.
    private long _counts;

    /// <summary>Gets the streams that are open, and those of them whose response has begun; may be read without the lock.</summary>
    public (int Open, int Answered) Counts
    {
        get
        {
            var counts = Volatile.Read(ref _counts);
            return ((int)(counts >> 32), (int)counts);
        }
    }

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

    public bool Remove(int streamId)
    {
        if (!_streams.Remove(streamId, out var state))
        {
            return false;
        }

        _answered -= (state & StreamState.Answered) != 0 ? 1 : 0;
        return true;
    }

    /// <summary>The server takes no stream beyond the last one that it has named.</summary>
    public bool RemoveAbove(int lastStreamId)
    {
        _last = lastStreamId;
        var removed = false;
        foreach (var id in _streams.Keys)
        {
            removed |= id > lastStreamId && Remove(id);
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
    public void Publish() => Volatile.Write(ref _counts, ((long)_streams.Count << 32) | (uint)_answered);
}
