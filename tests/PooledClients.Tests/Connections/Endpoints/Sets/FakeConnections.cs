using PooledClients.Connections.Endpoints;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

internal sealed class FakeConnections : IEndpointConnections
{
    private volatile bool _isReady = true;
    private volatile bool _isClosed;

    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }

    public bool IsClosed => _isClosed;

    public bool IsGone => _isClosed;

    public Exception? LastFailure => null;

    public void Prepare(bool isWaitedFor = false)
    {
    }

    public void Abandon()
    {
    }

    public void Close() => _isClosed = true;
}
