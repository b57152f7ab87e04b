using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// The attempts of one request at the endpoints of its service, one after another: each goes to another endpoint than the one before where
/// there is one. It stays with the request, so that a retry knows where the failed attempt was.
/// </summary>
internal sealed class EndpointAttempt(EndpointSet set, bool isStream, TimeProvider timeProvider)
{
    private static readonly HttpRequestOptionsKey<EndpointAttempt> Key = new("PooledClients.EndpointAttempt");

    private long _startedAt;
    private EndpointOutcome _outcome;
    private int _unreachable;

    /// <summary>Gets the endpoint that the current attempt, or the last one, is at.</summary>
    public Endpoint? Endpoint { get; private set; }

    /// <summary>What is called when a streaming call ends.</summary>
    public Action StreamEnded => Endpoint!.Load.EndStream;

    public static EndpointAttempt? Of(HttpRequestMessage request, EndpointSet? set, bool isStream, TimeProvider timeProvider)
    {
        if (set is null)
        {
            return null;
        }

        if (!request.Options.TryGetValue(Key, out var attempt))
        {
            attempt = new EndpointAttempt(set, isStream, timeProvider);
            request.Options.Set(Key, attempt);
        }

        attempt._unreachable = 0;
        return attempt;
    }

    /// <summary>Begins an attempt, once the endpoints are known.</summary>
    /// <returns>Where its connections are; none when no endpoint is known, and <see cref="EndpointSet.Failure"/> says why.</returns>
    public async ValueTask<EndpointPool?> BeginAsync(CancellationToken cancellationToken)
    {
        var picked = set.Pick(isStream, Endpoint);
        if (picked is null)
        {
            await set.WaitUntilKnownAsync(cancellationToken).ConfigureAwait(false);
            picked = set.Pick(isStream, Endpoint);
        }

        if (picked is null)
        {
            return null;
        }

        Endpoint = picked;
        _outcome = EndpointOutcome.Unknown;
        _startedAt = timeProvider.GetTimestamp();
        picked.Load.Begin(isStream, _startedAt);
        return picked.Pool;
    }

    /// <summary>Says how the current attempt ends.</summary>
    public void Report(EndpointOutcome outcome) => _outcome = outcome;

    /// <summary>The endpoint could not be reached, or has left: whether another one is worth a try.</summary>
    public bool TryAnother()
    {
        Report(EndpointOutcome.Failed);
        End();
        if (isStream)
        {
            StreamEnded();
        }

        return ++_unreachable < set.All.Count;
    }

    /// <summary>Ends the current attempt; a stream's goes on until <see cref="StreamEnded"/>.</summary>
    public void End() => set.End(Endpoint!, isStream, _outcome, _startedAt);
}
