using PooledClients.Connections.Wire;

namespace PooledClients.Tests.Connections.Wire;

internal sealed class NoOwner : IConnectionOwner
{
    public string Address => "https://host";

    public bool HearsRefusals => false;

    public void Established(PooledConnection connection)
    {
    }

    public void Refused(PooledConnection connection, IdentityRefusedException exception)
    {
    }

    public void Closed(PooledConnection connection)
    {
    }

    public void HandshakeLate()
    {
    }
}
