using System.Net;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>One of several endpoints of a service: its connections, what it is worth to the next call, and whether it is left out.</summary>
internal sealed class Endpoint : IPickable, IEndpointOwner
{
    private readonly EndpointSet _set;
    private long _dialFailedAt = long.MinValue;

    /// <param name="set">The set that it is in.</param>
    /// <param name="target">Where it is.</param>
    /// <param name="connect">Makes what holds its connections, whose owner it is.</param>
    /// <param name="load">What it is worth.</param>
    /// <param name="ejection">Whether it is left out.</param>
    /// <param name="joinedAt">When it came; <see langword="null"/> when it is one of the first, which are all new alike.</param>
    public Endpoint(EndpointSet set, EndPoint target, Func<IEndpointOwner, IEndpointConnections> connect, EndpointLoad load, EndpointEjection ejection, long? joinedAt)
    {
        _set = set;
        Target = target;
        Load = load;
        Ejection = ejection;
        JoinedAt = joinedAt;
        StreamEnded = load.EndStream;
        Connections = connect(this);
    }

    public EndPoint Target { get; }

    public IEndpointConnections Connections { get; }

    /// <summary>Gets its connections where they are HTTP/2's alone: a gRPC client's.</summary>
    public EndpointPool Pool => (EndpointPool)Connections;

    public EndpointLoad Load { get; }

    public EndpointEjection Ejection { get; }

    public long? JoinedAt { get; }

    /// <summary>Gets what a streaming call calls when it has ended.</summary>
    public Action StreamEnded { get; }

    /// <summary>Gets whether a call to it waits for no dial, as far as can be known.</summary>
    public bool IsReady => Connections.IsReady;

    /// <summary>Gets when a dial failed last.</summary>
    public long DialFailedAt => Volatile.Read(ref _dialFailedAt);

    /// <summary>A call begins here.</summary>
    public void Begin(bool isStream, long now) => Load.Begin(isStream, now);

    /// <summary>A call has ended here, or was answered if it is a stream.</summary>
    public void End(bool isStream, EndpointOutcome outcome, long startedAt) => _set.End(this, isStream, outcome, startedAt);

    int IEndpointOwner.GenerationNumber => _set.Owner.GenerationNumber;

    void IEndpointOwner.Idle() => _set.Owner.Idle();

    void IEndpointOwner.Connected() => _ = ProbeAsync();

    void IEndpointOwner.Lost() => _set.Lost();

    public void DialFailed()
    {
        Volatile.Write(ref _dialFailedAt, _set.Now);
        _set.Lost();
    }

    void IEndpointOwner.LimitLearned(int limit)
    {
        _set.Owner.LimitLearned(limit);
        _set.Changed();
    }

    private async Task ProbeAsync()
    {
        if (!await _set.ProbeAsync(Pool).ConfigureAwait(false))
        {
            DialFailed();
        }
    }

    public override string ToString() => Target.ToString()!;
}
