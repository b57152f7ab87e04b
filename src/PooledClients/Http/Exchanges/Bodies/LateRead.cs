using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Exchanges.Bodies;

/// <summary>
/// One read after an exchange's end: the bytes that HTTP/2 announced are all here, but not the end of their stream; or a handler's content is
/// read once more. It ends when the exchange would have ended.
/// </summary>
internal sealed class LateRead : TimedItem, IDisposable
{
    private const int Over = 1;
    private const int Passed = 2;

    // Without a timer or a link there is nothing to dispose.
    private readonly CancellationTokenSource _source = new();
    private readonly HttpExchange _exchange;
    private readonly IDisposable _body;
    private readonly CancellationTokenRegistration _caller;
    private readonly long _dueAt = long.MaxValue;
    private int _end;

    /// <param name="exchange">The exchange that has ended.</param>
    /// <param name="body">What is disposed when the time is over, for no token ends a synchronous read.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public LateRead(HttpExchange exchange, IDisposable body, CancellationToken cancellationToken)
    {
        _exchange = exchange;
        _body = body;
        _caller = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        var wait = Shorter(exchange.Remaining, exchange.Idle);
        if (wait != Timeout.InfiniteTimeSpan)
        {
            var time = exchange.Time;
            _dueAt = time.GetTimestamp() + (long)Math.Min(wait.TotalSeconds * time.TimestampFrequency, long.MaxValue / 4);
            exchange.Owner.Deadlines.Add(this);
        }
    }

    public override long DueAt => _dueAt;

    public CancellationToken Token => _source.Token;

    public override void EndAsDue()
    {
        List?.Remove(this);
        if (Interlocked.CompareExchange(ref _end, Passed, 0) == 0)
        {
            _source.Cancel();
            _body.Dispose();
        }
    }

    /// <summary>Throws what the caller is told in place of what came of the read.</summary>
    public void ThrowIfEnded(Exception? cause, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _end) == Passed)
        {
            throw ExchangeErrors.NoEnd(_exchange, cause);
        }

        if (cause is OperationCanceledException cancelled && cancellationToken.IsCancellationRequested)
        {
            throw ExchangeErrors.Cancelled(cancelled, cancellationToken);
        }
    }

    public void Dispose()
    {
        Interlocked.CompareExchange(ref _end, Over, 0);
        List?.Remove(this);
        _caller.Dispose();
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan || (other != Timeout.InfiniteTimeSpan && other < one) ? other : one;
}
