using PooledClients.Connections.Endpoints;

namespace PooledClients.Connections;

/// <summary>
/// The connections of a busy handler to addresses that no request is for. The runtime keeps them for their idle timeout, while requests to
/// other addresses wait for the room that they take.
/// </summary>
internal static class IdleDestinations
{
    /// <summary>Closes those to one address: one that nobody has used for a while, and where there is none, one that nobody uses.</summary>
    /// <returns>How many.</returns>
    public static int Close(Generation generation) => generation.Redirected.CloseWhileNone(() => Close(generation.Destinations));

    private static int Close(IEnumerable<Destination> destinations) => destinations.Select(static destination => destination.CloseIdle(onlyRested: true))
        .Concat(destinations.Select(static destination => destination.CloseIdle(onlyRested: false)))
        .FirstOrDefault(static count => count > 0);
}
