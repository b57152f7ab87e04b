using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Dialing;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// Makes the connections of one endpoint, when the last failure is long enough ago and the budget has room. A dial is nobody's call, so
/// none takes it along when it ends.
/// </summary>
/// <param name="target">Where to.</param>
/// <param name="createHandler">What the next connection is made with: trust, identity and the user's own settings as they are then.</param>
/// <param name="connector">Opens the sockets.</param>
/// <param name="reachability">Spaces failed dials.</param>
/// <param name="budget">The queue in front of the process's budget.</param>
/// <param name="timeProvider">Times the gaps.</param>
internal sealed class EndpointDialer(
    EndpointAddress target, Func<SocketsHttpHandler> createHandler, Connector connector, Reachability reachability, GateAddress budget, TimeProvider timeProvider)
{
    public EndpointAddress Target => target;

    public Reachability Reachability => reachability;

    public GateAddress Budget => budget;

    /// <summary>Makes a connection up to the end of TLS.</summary>
    /// <param name="pool">The pool that it is for.</param>
    /// <param name="dial">The dial that it is.</param>
    /// <param name="wanted">Cancelled when nobody wants it any more: ends the waits, and no connect that is under way, which ends when the dial is discarded.</param>
    /// <returns><see langword="null"/> when it was to be made ahead, and there is no room.</returns>
    public async Task<Http2Connection?> DialAsync(IConnectionPool pool, Dial dial, CancellationToken wanted)
    {
        await Task.Delay(reachability.RemainingGap, timeProvider, wanted).ConfigureAwait(false);
        var lease = dial.IsAhead ? budget.TryAcquire() : await budget.AcquireAsync(wanted).ConfigureAwait(false);
        if (lease is null)
        {
            return null;
        }

        // What is discarded holds up nothing that is to be made in its place.
        using var leave = dial.Discarded.UnsafeRegister(static lease => ((ConnectionLease)lease!).Drain(), lease);
        try
        {
            var connection = new Http2Connection(pool, dial, createHandler());
            await connection.OpenAsync(connector, target, lease, wanted).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }
}
