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
    // Where round robin stands: interlocked, and another in each picker, so that exchanged pickers begin at no common place.
    private int _turn = Random.Shared.Next(int.MaxValue);

    // An endpoint that no call has gone to for a second: whoever exchanges it for none takes it.
    private T? _owed;

    public IReadOnlyList<T> Ready => ready;

    /// <summary>Gives the next call to <paramref name="endpoint"/>, unless another one is owed a call already.</summary>
    public void Owe(T endpoint) => Interlocked.CompareExchange(ref _owed, endpoint, null);

    /// <summary>Picks an endpoint.</summary>
    /// <param name="isStream">Whether for a streaming call.</param>
    /// <param name="other">The endpoint that an earlier attempt of the call went to: another one is picked where there is one.</param>
    /// <returns><see langword="null"/> when none is ready.</returns>
    public T? Pick(bool isStream, T? other = null)
    {
        if (ready.Length <= 1)
        {
            return ready.Length == 0 ? null : ready[0];
        }

        if (_owed is not null && !isStream && policy == EndpointPolicy.LeastLoaded
            && Interlocked.Exchange(ref _owed, null) is { } owed && owed != other && owed.Ejection.TryProbe())
        {
            return owed;
        }

        return policy switch
        {
            EndpointPolicy.LeastLoaded => PickLeastLoaded(isStream, other),
            EndpointPolicy.RoundRobin => PickFrom((int)((uint)Interlocked.Increment(ref _turn) % (uint)ready.Length), other),
            _ => PickFrom(0, other),
        };
    }

    private T PickLeastLoaded(bool isStream, T? other)
    {
        var random = Random.Shared;
        var first = random.Next(ready.Length);
        var second = random.Next(ready.Length - 1);
        second += second >= first ? 1 : 0;
        var (one, two) = (ready[first], ready[second]);
        var better = one == other || (two != other && two.Load.CostOf(isStream) < one.Load.CostOf(isStream)) ? two : one;
        return better.Ejection.TryProbe() ? better : PickFrom(first, other);
    }

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
