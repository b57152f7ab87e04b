using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>
/// What connections are made with has changed: the endpoints of a set replace theirs one after the other, in an order of chance, and those that
/// are up are used until another one has answered. So one is ready at any time, and the servers of a service do not get all handshakes at once.
/// </summary>
internal static class EndpointRenewal
{
    /// <summary>Over which the endpoints are spread.</summary>
    public static readonly TimeSpan Spread = TimeSpan.FromSeconds(3);

    /// <summary>For how long after that a connection of before is used where nothing has come up in its place.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(EndpointPool[] pools, TimeProvider timeProvider)
    {
        Random.Shared.Shuffle(pools);
        var old = Array.ConvertAll(pools, static pool => pool.Ahead.Discard());
        for (var i = 0; i < pools.Length; i++)
        {
            pools[i].Ahead.Replace(old[i]);
            await Task.Delay(Spread / pools.Length * (0.5 + (Random.Shared.NextDouble() / 2)), timeProvider).ConfigureAwait(false);
        }

        await Task.Delay(Grace, timeProvider).ConfigureAwait(false);
        foreach (var connection in old.SelectMany(static connections => connections))
        {
            connection.Retire("what connections are made with has changed");
        }
    }
}
