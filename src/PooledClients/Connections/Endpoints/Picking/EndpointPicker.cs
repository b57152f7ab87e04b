using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>
/// Picks the endpoint of a call from those that are ready. It never changes: what changes makes a new one. A pick takes no lock and
/// allocates nothing.
/// </summary>
/// <param name="ready">The endpoints that take calls, in the resolver's order.</param>
/// <param name="policy">By which.</param>
internal sealed class EndpointPicker<T>(T[] ready, EndpointPolicy policy)
    where T : class, IPickable
{
    // Whose turn it is: interlocked, and another in each picker, so that exchanged pickers begin at no common place.
    private int _turn = Random.Shared.Next(int.MaxValue);

    // One that no call has gone to for a second, and one that is left out and may be well again: whoever exchanges it for none takes it.
    private T? _owed;
    private T? _sick;

    public T[] Ready => ready;

    /// <summary>
    /// Gives the next call to <paramref name="endpoint"/>, unless another one is owed a call already; to <paramref name="sick"/>, which is left out
    /// and whose time is not over, only a call that can be made again elsewhere.
    /// </summary>
    public void Owe(T? endpoint, T? sick = null)
    {
        Interlocked.CompareExchange(ref _owed, endpoint, null);
        Interlocked.CompareExchange(ref _sick, sick, null);
    }

    /// <summary>Picks an endpoint.</summary>
    /// <param name="isStream">Whether for a streaming call.</param>
    /// <param name="other">The endpoint that an earlier attempt of the call went to: another one is picked where there is one.</param>
    /// <param name="isSpare">Whether the call will be made again elsewhere if it fails: it may try one that is left out.</param>
    /// <returns><see langword="null"/> when none is ready.</returns>
    public T? Pick(bool isStream, T? other = null, bool isSpare = false)
    {
        if ((_sick is not null && isSpare && TryTake(ref _sick, other, isSpare, out var owed))
            || (_owed is not null && !isStream && policy == EndpointPolicy.LeastLoaded && TryTake(ref _owed, other, isSpare, out owed)))
        {
            return owed;
        }

        if (ready.Length <= 1)
        {
            return ready.Length == 0 ? null : ready[0];
        }

        return policy switch
        {
            EndpointPolicy.LeastLoaded => PickLeastLoaded(isStream, other),
            EndpointPolicy.RoundRobin => PickFrom(NextFullTurn(), other),
            _ => PickFrom(0, other),
        };
    }

    private static bool TryTake(ref T? owed, T? other, bool isSpare, [NotNullWhen(true)] out T? endpoint) =>
        (endpoint = Interlocked.Exchange(ref owed, null)) is not null && endpoint != other && endpoint.Ejection.TryProbe(isSpare);

    private int NextTurn() => (int)((uint)Interlocked.Increment(ref _turn) % (uint)ready.Length);

    // One that is spared gives its turn to the next.
    private int NextFullTurn()
    {
        var turn = NextTurn();
        for (var spared = 1; spared < ready.Length && IsSpared(ready[turn]); spared++)
        {
            turn = NextTurn();
        }

        return turn;
    }

    // The first of the two in turn rather than by chance: where all are well and idle, each gets as many.
    private T PickLeastLoaded(bool isStream, T? other)
    {
        var first = NextTurn();
        var second = Random.Shared.Next(ready.Length - 1);
        second += second >= first ? 1 : 0;
        var (one, two) = (ready[first], ready[second]);
        var isTwoBetter = IsSpared(one) || (!IsSpared(two) && two.Load.CostOf(isStream) < one.Load.CostOf(isStream));
        var better = one == other || (two != other && isTwoBetter) ? two : one;
        better = better.Load.IsSlow ? Least(isStream, better, other) : better;
        return better.Ejection.TryProbe() ? better : PickFrom(first, other);
    }

    // Where both of the two are slow any other may do better.
    private T Least(bool isStream, T best, T? other)
    {
        foreach (var endpoint in ready)
        {
            best = endpoint != other && !IsSpared(endpoint) && endpoint.Load.CostOf(isStream) < best.Load.CostOf(isStream) ? endpoint : best;
        }

        return best;
    }

    // While it is new it gets a share of the calls that would be its, which grows.
    private static bool IsSpared(T endpoint) => endpoint.Load.Share is var share && share < 1 && Random.Shared.NextDouble() >= share;

    private T PickFrom(int start, T? other)
    {
        T? last = null;
        for (var i = 0; i < ready.Length; i++)
        {
            var endpoint = ready[(start + i) % ready.Length];
            if (endpoint == other)
            {
                continue;
            }

            last ??= endpoint;
            if (endpoint.Ejection.TryProbe())
            {
                return endpoint;
            }
        }

        // All the others are being probed: a call is never refused while an endpoint is ready.
        return last ?? ready[start];
    }
}
