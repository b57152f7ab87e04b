using System.Runtime.CompilerServices;
using PooledClients.Connections.Budget.Leases;

namespace PooledClients.Connections.Budget;

/// <summary>
/// How long the requests that the runtime dials for waited for a place in the budget, for who traces them: a dial knows nothing of the
/// caller's span. From any thread.
/// </summary>
internal sealed class BudgetWaits(TimeProvider time)
{
    // What takes no longer is no wait.
    private static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(1);

    // Weak, for a request may be over before its dial is.
    private readonly ConditionalWeakTable<HttpRequestMessage, object> _waits = [];
    private volatile bool _isAny;

    /// <summary>Sees a wait for a place to its end, on behalf of the request that began the dial.</summary>
    /// <param name="acquire">Begins to wait.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<ConnectionLease> AcquireAsync(
        Func<CancellationToken, ValueTask<ConnectionLease>> acquire, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        var acquiring = acquire(cancellationToken);
        return acquiring.IsCompleted && time.GetElapsedTime(since) < Noticeable ? acquiring : WaitAsync(acquiring, since, request);
    }

    /// <summary>How long it waited; <see langword="null"/> where it did not.</summary>
    public TimeSpan? Of(HttpRequestMessage request) => _isAny && _waits.TryGetValue(request, out var wait) ? (TimeSpan)wait : null;

    private async ValueTask<ConnectionLease> WaitAsync(ValueTask<ConnectionLease> acquiring, long since, HttpRequestMessage request)
    {
        try
        {
            return await acquiring.ConfigureAwait(false);
        }
        finally
        {
            _waits.AddOrUpdate(request, time.GetElapsedTime(since));
            _isAny = true;
        }
    }
}
