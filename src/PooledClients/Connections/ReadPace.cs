namespace PooledClients.Connections;

/// <summary>
/// How much of what has arrived a connection hands on before those it is for get their turn. The runtime takes a buffer of 16 KB for
/// each response that has come and is not read yet, and its pool keeps 32 of them for each processor. A burst that is handed on at once
/// is allocated beyond that: measured with 1,500 calls in flight, 30 KB a call, and half of the time spent in pauses of the garbage
/// collector.
/// </summary>
/// <remarks>
/// With more calls in flight than the pool has buffers, a connection reads a few responses' worth of bytes at a time, and queues behind
/// the work that they make before it reads on. What a response is worth is measured, so that long ones are read as they come.
/// </remarks>
internal sealed class ReadPace(Func<int> callsInFlight)
{
    /// <summary>The responses of which the worth of one is measured.</summary>
    internal const int Sample = 256;

    /// <summary>What the shortest responses are worth, and what is read at a time where calls end without one.</summary>
    internal const int LeastBytes = 1024;

    /// <summary>A quarter of what the pool keeps for a processor: its threads are more than one, and each may be at a read.</summary>
    internal const int ResponsesARead = BuffersAProcessor / 4;

    private const int BuffersAProcessor = 32;

    // What has been read, and how many calls have ended, since the last measurement. Both count in a crowd only.
    private long _bytes;
    private int _responses;

    // Replaced by each measurement, read by all connections of the address.
    private volatile int _mostBytes = int.MaxValue;

    /// <summary>The calls in flight for all of which the runtime's pool has a buffer.</summary>
    public static int Crowd { get; } = BuffersAProcessor * Environment.ProcessorCount;

    public bool IsCrowded => callsInFlight() > Crowd;

    /// <summary>The most that is read at a time in a crowd.</summary>
    public int MostBytes => _mostBytes;

    public void BytesRead(int bytes)
    {
        // A long response among short ones is not to be read in their measure until the sample is full.
        var enough = 2L * Sample / ResponsesARead * _mostBytes;
        var all = Interlocked.Add(ref _bytes, bytes);
        if (all > enough && all - bytes <= enough)
        {
            Measure();
        }
    }

    /// <summary>A call has ended.</summary>
    /// <param name="left">The calls in flight that are left.</param>
    public void CallEnded(int left)
    {
        if (left >= Crowd && Interlocked.Increment(ref _responses) == Sample)
        {
            Measure();
        }
    }

    private void Measure()
    {
        var responses = Interlocked.Exchange(ref _responses, 0);
        var bytes = Interlocked.Exchange(ref _bytes, 0);
        _mostBytes = (int)Math.Clamp(bytes * ResponsesARead / Math.Max(responses, 1), LeastBytes, int.MaxValue);
    }
}
