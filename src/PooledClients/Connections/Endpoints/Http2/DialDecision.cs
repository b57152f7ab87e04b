using System.Globalization;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// Whether one more connection is dialed while calls wait and no connection has room. Below the cap, and only for the waiters beyond what
/// the connections on their way are going to carry; no more of those at a time than are up already, so that a server whose first limit
/// is low, or whose limit swings, is heard again before there are many.
/// </summary>
/// <param name="Waiting">Calls that wait.</param>
/// <param name="Up">Connections that may be picked.</param>
/// <param name="Ready">Those of them whose server has told its limit.</param>
/// <param name="ClosedToAll">Those of them whose server takes no stream at all, and never took one.</param>
/// <param name="Counted">Connections and dials that count towards the cap.</param>
/// <param name="Dialing">Dials under way.</param>
/// <param name="Cap">The most connections at a time.</param>
/// <param name="StreamLimit">How many calls a connection is going to carry, by what was heard last.</param>
internal readonly record struct DialDecision(int Waiting, int Up, int Ready, int ClosedToAll, int Counted, int Dialing, int Cap, int StreamLimit)
{
    // A server that takes no stream on one connection may be one of several behind a balancer: it is asked once more, not ten times.
    private const int MostClosedToAll = 2;

    /// <summary>Gets the connections that carry one call, or none, until their server is heard.</summary>
    public int OnTheirWay => Up - Ready + Dialing;

    public bool Dials => Counted < Cap
        && ClosedToAll < MostClosedToAll
        && OnTheirWay < Math.Max(1, Ready)
        && Waiting > (long)OnTheirWay * Math.Max(1, StreamLimit);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Waiting} calls wait; {Up} connections are up, {Ready} of them heard ({ClosedToAll} take no stream), {Dialing} on their way; {Counted} count, at most {Cap}; {StreamLimit} calls each");
}
