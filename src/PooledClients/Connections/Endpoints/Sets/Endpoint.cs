using System.Net;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>One of several endpoints of a service: its connections, what it is worth to the next call, and whether it is left out.</summary>
internal sealed class Endpoint : IPickable, IEndpointOwner
{
    private readonly IServiceEndpoints _set;
    private readonly bool _isNew;
    private long _dialFailedAt = long.MinValue;

    // The ticks' own: when it was ready first.
    private long? _readyAt;

    // One question at a time: 1 from when it is asked until the next one may be. The answer is there until somebody has looked.
    private int _isAsked;
    private volatile bool _answers;

    /// <param name="set">The set that it is in.</param>
    /// <param name="target">Where it is.</param>
    /// <param name="connect">Makes what holds its connections, whose owner it is.</param>
    /// <param name="load">What it is worth.</param>
    /// <param name="ejection">Whether it is left out.</param>
    /// <param name="isNew">Whether it is spared at first; not so when it is one of the first, which are all new alike.</param>
    public Endpoint(IServiceEndpoints set, EndPoint target, Func<IEndpointOwner, IEndpointConnections> connect, EndpointLoad load, EndpointEjection ejection, bool isNew)
    {
        _set = set;
        Target = target;
        Load = load;
        Ejection = ejection;
        _isNew = isNew;
        StreamEnded = load.EndStream;
        Connections = connect(this);
        Health = set.WatchHealthAt(Connections);
    }

    public EndPoint Target { get; }

    public IEndpointConnections Connections { get; }

    /// <summary>Gets its connections where they are HTTP/2's alone: a gRPC client's.</summary>
    public EndpointPool Pool => (EndpointPool)Connections;

    /// <summary>Gets what it says of its health; none where nobody asks.</summary>
    public HealthWatch? Health { get; }

    public EndpointLoad Load { get; }

    public EndpointEjection Ejection { get; }

    /// <summary>Gets what a streaming call calls when it has ended.</summary>
    public Action StreamEnded { get; }

    /// <summary>Gets whether a call to it waits for no dial, as far as can be known.</summary>
    public bool IsReady => Connections.IsReady && (Health?.IsServing ?? true);

    /// <summary>Gets whether a dial has ever failed.</summary>
    public bool HasDialFailed => DialFailedAt != long.MinValue;

    /// <summary>Gets when a dial failed last.</summary>
    public long DialFailedAt => Volatile.Read(ref _dialFailedAt);

    /// <summary>Gets for how long it has had no call, in ticks.</summary>
    public int IdleTicks { get; private set; }

    /// <summary>Brings what depends on time up to date.</summary>
    public void Tick(double typicalSeconds, TimeSpan slowStart, bool preparesAhead, long now, TimeProvider timeProvider)
    {
        if (_readyAt is null && IsReady)
        {
            _readyAt = now;
        }

        var share = _isNew ? Math.Min(1, timeProvider.GetElapsedTime(_readyAt ?? now, now) / slowStart) : 1;
        IdleTicks = Load.Tick(share, typicalSeconds, now, timeProvider);
        Ejection.Fold();
        Health?.Look();
        if (!IsReady)
        {
            if (preparesAhead)
            {
                Connections.Prepare();
            }

            // A call had the connection before the question that makes it ready, and was not answered.
            if (Connections is EndpointPool { IsReady: false, Connections.Current.Length: > 0 })
            {
                Answers();
            }
        }
    }

    /// <summary>Whether a call is to find out how it is.</summary>
    /// <param name="typicalSeconds">What a call to any endpoint of the service takes.</param>
    /// <param name="idle">How many endpoints are without calls.</param>
    public bool IsOwed(double typicalSeconds, int idle)
    {
        if (!IsReady)
        {
            return false;
        }

        // Of what failed last, or has calls that it does not answer, its server has to have answered a question of our own before.
        if (Ejection.State == EndpointHealth.Well)
        {
            return Load.IsOwed(IdleTicks, typicalSeconds, idle) && (Load is { HasFailed: false, InFlight: 0 } || (Connections is EndpointPool || Load.HasFailed) && Answers());
        }

        if (!Ejection.IsProbeDue || !Answers())
        {
            return false;
        }

        // Any call may try it where its time is over, and before that one that will be made again elsewhere.
        Ejection.Tick();
        return true;
    }

    /// <summary>A call begins here.</summary>
    public void Begin(bool isStream, long now) => Load.Begin(isStream, now);

    /// <summary>A call has ended here, or was answered if it is a stream.</summary>
    public void End(bool isStream, EndpointOutcome outcome, long startedAt) => _set.End(this, isStream, outcome, startedAt);

    /// <summary>Takes no call any more; what is under way may come to its end.</summary>
    public void Close()
    {
        Health?.Dispose();
        Connections.Close();
    }

    bool IEndpointOwner.AsksFirst => true;

    int IEndpointOwner.GenerationNumber => _set.Owner.GenerationNumber;

    void IEndpointOwner.Idle() => _set.Owner.Idle();

    void IEndpointOwner.Connected() => _ = ProbeAsync();

    void IEndpointOwner.Lost()
    {
        Health?.Lost();
        _set.Lost();
    }

    public void DialFailed()
    {
        Volatile.Write(ref _dialFailedAt, _set.Now);
        _set.Lost();
    }

    void IEndpointOwner.LimitLearned(int limit) => _set.Owner.LimitLearned(limit);

    void IEndpointOwner.Answered() => _set.Changed();

    private async Task ProbeAsync()
    {
        if (await _set.ProbeAsync(Pool).ConfigureAwait(false) == EndpointAnswer.Failed)
        {
            DialFailed();
        }

        Health?.Look();
    }

    // Whether its server has answered a question of our own, so that a call may follow; it is asked where it has not.
    private bool Answers()
    {
        if (Connections is EndpointPool pool && !_answers && Interlocked.Exchange(ref _isAsked, 1) == 0)
        {
            _ = Task.Run(() => AskAsync(pool));
        }

        var answers = _answers || Connections is not EndpointPool;
        _answers = false;
        return answers;
    }

    // One that does not is asked again no sooner than in a second.
    private async Task AskAsync(EndpointPool pool)
    {
        _answers = await _set.ProbeAsync(pool).ConfigureAwait(false) == EndpointAnswer.Answered;
        if (!_answers)
        {
            await _set.PauseAsync().ConfigureAwait(false);
        }

        Volatile.Write(ref _isAsked, 0);
    }

    public override string ToString() => Target.ToString()!;
}
