using System.Net;

namespace PooledClients.Connections.Endpoints.Resolving;

/// <summary>
/// An endpoint that is known to be more than a socket's address: a discovered address has a scheme of its own, and may have a name of its
/// own that its certificate is for.
/// </summary>
/// <param name="socket">Where to connect.</param>
/// <param name="host">The name that its certificate has to have; <see langword="null"/> for the service's.</param>
/// <param name="isSecure">Whether it speaks TLS; <see langword="null"/> where the service's address says so.</param>
internal sealed class ServiceEndPoint(EndPoint socket, string? host, bool? isSecure) : EndPoint
{
    public EndPoint Socket => socket;

    public string? Host => host;

    public bool? IsSecure => isSecure;

    public override bool Equals(object? comparand) =>
        comparand is ServiceEndPoint other && socket.Equals(other.Socket) && host == other.Host && isSecure == other.IsSecure;

    public override int GetHashCode() => HashCode.Combine(socket, host, isSecure);

    public override string ToString() => socket.ToString()!;
}
