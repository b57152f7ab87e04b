namespace PooledClients;

/// <summary>
/// Tells the endpoints of a client's address. It is asked at first use, again at each <see cref="EndpointOptions.RefreshInterval"/> while the
/// client is used, at once when <see cref="ResolvedEndpoints.ChangeToken"/> fires, and when a connection is lost, at most once a second;
/// never twice at a time.
/// </summary>
public interface IEndpointResolver
{
    /// <summary>Looks the endpoints up.</summary>
    /// <param name="address">The client's address.</param>
    /// <param name="cancellationToken">Ends the look-up: the pool is disposed, or it took longer than the connect timeout.</param>
    /// <returns>All endpoints at present. With none, or when it throws, the last good answer stays in force.</returns>
    ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken);
}
