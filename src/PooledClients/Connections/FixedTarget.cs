using System.Net;

namespace PooledClients.Connections;

/// <summary>Where the connections go that are asked for by the name of a service: one of its endpoints. Others, such as a redirect's, go where they are to.</summary>
internal sealed record FixedTarget(string Host, int Port, EndPoint EndPoint)
{
    public EndPoint For(DnsEndPoint asked) => asked.Port == Port && string.Equals(asked.Host, Host, StringComparison.OrdinalIgnoreCase) ? EndPoint : asked;
}
