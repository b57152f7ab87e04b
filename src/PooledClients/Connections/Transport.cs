using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>
/// What lives for years under one or more channels: the current generation of the handler, replaced under live calls when trust,
/// identity or the network asks for it.
/// </summary>
internal sealed class Transport : IReclaimable, IDisposable
{
    // A request may be queued for a connection of a replaced handler; past this age the handler goes all the same.
    private static readonly TimeSpan RetiredAge = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Action<SocketsHttpHandler>> _configure;
    private readonly TransportServices _services;
    private readonly TrustChanges _trustChanges = new();
    private readonly IDisposable? _trustChange;

    // Replaced generations until their handler is disposed and their last connection is closed; guarded by _lock.
    private readonly List<Generation> _retired = [];

    // Written under _lock; a reader that finds it replaced tries again.
    private volatile Generation _current;
    private volatile bool _disposed;
    private long _lastUsed;

    public Transport(TransportKey key, IReadOnlyList<Action<SocketsHttpHandler>> configure, TransportServices services)
    {
        Key = key;
        PingDelay = key.Connection.KeepAlivePingDelay;
        Backoff = new ConnectBackoff(services.TimeProvider, services.Diagnostics?.Addresses, key.DisplayName);
        _configure = configure;
        _services = services;
        _lastUsed = services.TimeProvider.GetTimestamp();

        // Before the first generation reads trust and identity, so that no change after that is missed.
        _trustChange = key.Tls?.OnChange(OnTrustChanged);
        try
        {
            lock (_lock)
            {
                _current = CreateGeneration(number: 1);
            }
        }
        catch
        {
            _trustChange?.Dispose();
            throw;
        }

        services.Gate.AddReclaimable(this);
    }

    /// <summary>Its number in diagnostics.</summary>
    public long Id { get; } = DiagnosticIds.Next();

    public TransportKey Key { get; }

    /// <summary>The time without traffic after which a ping is sent; doubled whenever the server has had too many. Written under the lock.</summary>
    public TimeSpan? PingDelay { get; private set; }

    public bool IsDisposed => _disposed;

    /// <summary>When the next dial is due after failed ones; it outlives generations.</summary>
    public ConnectBackoff Backoff { get; }

    public string Address => Key.DisplayName;

    public Generation Current => _current;

    /// <summary>The generations that still have anything, the current one last.</summary>
    public IReadOnlyList<Generation> Generations
    {
        get
        {
            lock (_lock)
            {
                return [.. _retired, _current];
            }
        }
    }

    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _current.Connections + _retired.Sum(static generation => generation.Connections);
            }
        }
    }

    /// <summary>Connections that are up, those of replaced generations included.</summary>
    public int Up => Generations.Distinct().SelectMany(static generation => generation.Destinations).Sum(static destination => destination.Up);

    public long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>Told the stream limit of each connection whose server names one.</summary>
    public event Action<int>? StreamLimitLearned;

    public void LearnStreamLimit(int limit) => StreamLimitLearned?.Invoke(limit);

    /// <summary>Calls in flight on any generation, open streams included.</summary>
    public int InFlight
    {
        get
        {
            lock (_lock)
            {
                return _current.InFlight + _retired.Sum(static generation => generation.InFlight);
            }
        }
    }

    /// <summary>Counts a request on the current generation; the caller gives it back by <see cref="Generation.Exit"/>.</summary>
    public Generation Enter()
    {
        while (true)
        {
            var generation = _current;
            if (generation.TryEnter())
            {
                return generation;
            }

            ObjectDisposedException.ThrowIf(_disposed, typeof(IGrpcChannelPool));
        }
    }

    /// <summary>Sends a request on the current generation, for handlers that need nothing of it but its count.</summary>
    /// <param name="request">The request.</param>
    /// <param name="call">Tells whether a connection has taken the request; unknown without.</param>
    /// <param name="cancellationToken">Ends the wait. When it was for room within the budget, the exception's cause says so.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, IPendingCall? call, CancellationToken cancellationToken)
    {
        while (true)
        {
            var generation = Enter();
            var destination = generation.GetDestination(request);
            destination.BeginCall();
            try
            {
                return await generation.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (HttpRequestException exception) when (exception.InnerException is DialAbandonedException && !cancellationToken.IsCancellationRequested)
            {
                // The dial was given up between two requests and took this one's place: nothing was sent.
            }
            catch (HttpRequestException exception) when (IsEnd(exception) && Key.Tls?.DescribeRefusal(destination.Address) is { } refusal)
            {
                // The same failure to whoever judges it by its error or its cause; only people read the rest.
                throw new HttpRequestException(exception.HttpRequestError, $"{exception.Message} Perhaps {refusal}.", exception.InnerException ?? exception);
            }
            catch (OperationCanceledException) when (call is { IsPending: true } && destination.Gate.Explain() is { } budget)
            {
                throw new OperationCanceledException(budget.Message, budget, cancellationToken);
            }
            finally
            {
                generation.Exit();
                destination.EndCall();
            }
        }
    }

    /// <summary>Replaces the current generation: new calls dial anew, those in flight finish where they are.</summary>
    public void Replace(string reason)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                ReplaceLocked(reason);
            }
        }
    }

    /// <summary>Replaces <paramref name="generation"/> unless that was done already, so that many callers replace it once.</summary>
    public void Replace(Generation generation, string reason)
    {
        lock (_lock)
        {
            if (!_disposed && _current == generation)
            {
                ReplaceLocked(reason);
            }
        }
    }

    /// <summary>The server of this generation has had too many pings: the next one sends half as many (gRFC A8).</summary>
    public void SlowPings(Generation generation)
    {
        lock (_lock)
        {
            if (!_disposed && _current == generation && PingDelay is { } delay)
            {
                PingDelay = delay * 2;
                ReplaceLocked($"its server answered too_many_pings; the next ping delay is {PingDelay}");
            }
        }
    }

    public bool TryReclaimIdle()
    {
        lock (_lock)
        {
            if (_disposed || !_current.IsIdle || _current.IsEmpty)
            {
                return false;
            }

            _services.Logger.PoolReclaimed(Address, _current.Connections, _current.Number);
            ReplaceLocked(reason: null);
            return true;
        }
    }

    /// <summary>Takes no request any more; what is still read from its connections may come to its end.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _current.Retire();
            _retired.Add(_current);
        }

        _trustChange?.Dispose();
        _services.Gate.RemoveReclaimable(this);
    }

    public void Dispose()
    {
        Retire();
        lock (_lock)
        {
            foreach (var generation in _retired)
            {
                generation.Dispose();
            }

            _retired.Clear();
        }
    }

    /// <summary>Called when the last call to one of its addresses has ended.</summary>
    public void OnIdle()
    {
        Volatile.Write(ref _lastUsed, _services.TimeProvider.GetTimestamp());
        _services.Gate.NotifyIdle(this);
    }

    private static bool IsEnd(HttpRequestException exception) =>
        exception.HttpRequestError == HttpRequestError.ResponseEnded || exception.InnerException is IOException;

    private void OnTrustChanged()
    {
        _trustChanges.Count();
        lock (_lock)
        {
            if (!_disposed && _trustChanges.IsPending)
            {
                ReplaceLocked("its certificates changed");
            }
        }
    }

    private Generation CreateGeneration(int number) => _trustChanges.Make(() => new Generation(number, this, _configure, _services));

    private void ReplaceLocked(string? reason)
    {
        var old = _current;
        if (reason is not null)
        {
            _services.Logger.GenerationReplaced(Address, old.Number, reason);

            // What follows a semicolon differs from time to time, which is not for an attribute.
            _services.Diagnostics?.Metrics.GenerationReplaced(Address, reason.Split(';')[0]);
        }

        _current = CreateGeneration(old.Number + 1);
        _retired.RemoveAll(static generation => generation.IsGone);
        _retired.Add(old);
        old.Retire();
        old.DisposeHandlerAfter(RetiredAge);
    }
}
