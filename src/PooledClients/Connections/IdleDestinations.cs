namespace PooledClients.Connections;

/// <summary>
/// The connections of a busy handler to addresses that no request is for. The runtime keeps them for their idle timeout, while requests to
/// other addresses wait for the room that they take.
/// </summary>
internal static class IdleDestinations
{
    /// <summary>Closes those to one address: one that nobody has used for a while, and where there is none, one that nobody uses.</summary>
    /// <returns>How many.</returns>
    public static int Close(Generation generation)
    {
        // The runtime follows redirects by itself, to whatever address: while a request is on its way nobody knows where it is.
        if (generation.FollowsRedirects && generation.InFlight > generation.Destinations.Sum(static destination => destination.Gate.Waiting))
        {
            return 0;
        }

        var closed = generation.Destinations.Select(static destination => destination.CloseIdle(onlyRested: true))
            .Concat(generation.Destinations.Select(static destination => destination.CloseIdle(onlyRested: false)));
        return closed.FirstOrDefault(static count => count > 0);
    }
}
