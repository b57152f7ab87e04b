namespace PooledClients.Connections.Wire.Frames;

/// <summary>
/// The calls of one connection, beside its streams: a call is given to the connection, begins a stream a little later, is answered on it, and
/// leaves, while the stream may go on. Calls are given under the owner's lock, and leave anywhere.
/// </summary>
internal sealed class CallLedger(StreamLedger streams)
{
    private int _inside;

    // How many streams are over once those of all calls given until now are; as the streams' own count, which begins again. Guarded by the owner's lock.
    private int _given;

    /// <summary>Gets the calls that were given to it and have not left.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>
    /// Gets the calls on it by what holds something of it: the open streams, and the calls inside that have none, or none with an answer. One whose
    /// answer is just being handed over counts twice for that moment.
    /// </summary>
    public int Occupied
    {
        get
        {
            var (open, atHand) = Count();
            return open + atHand;
        }
    }

    /// <summary>Gets how many of its calls wait for this process: their request is not sent yet, or their response not taken.</summary>
    public int AtHand => Count().AtHand;

    /// <summary>
    /// Gets how many streams the server has or is about to have, by the owner's lock: the calls that were given less those whose stream is over, each
    /// counted once. A call that has left without a stream counts until none is inside, unless <see cref="Occupied"/> does without it.
    /// </summary>
    public int Taken
    {
        get
        {
            var inside = Inside;
            var (open, answered, over) = streams.Counts;
            return Math.Max(open, Math.Min(inside + answered, Left(over)));
        }
    }

    /// <summary>Gives it a call; under the owner's lock.</summary>
    public void Enter()
    {
        // The calls inside are read first: none enters meanwhile, so that where nobody is inside all that were given are in the streams read after it.
        var isEmpty = Inside == 0;
        var (open, _, over) = streams.Counts;
        var left = Left(over);

        // Calls that left without a stream count no more where nobody is inside; and more may be open than were given, where the user's handler
        // has the runtime send a request again by itself.
        left = isEmpty || left < open ? open : left;
        _given = over + left + 1;
        Interlocked.Increment(ref _inside);
    }

    /// <summary>A call has left.</summary>
    /// <returns>Whether it was the last one.</returns>
    public bool Exit() => Interlocked.Decrement(ref _inside) == 0;

    private int Left(int over) => StreamLedger.Difference(_given, over);

    // The calls inside are read before the streams, so that one on its way from the one count to the other is seen in one of them.
    private (int Open, int AtHand) Count()
    {
        var inside = Inside;
        var (open, answered, _) = streams.Counts;
        return (open, Math.Max(0, inside - (open - answered)));
    }
}
