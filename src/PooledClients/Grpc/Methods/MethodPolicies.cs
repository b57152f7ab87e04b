using System.Collections.Concurrent;
using Google.Protobuf.Reflection;
using Grpc.Core;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.ServiceConfigs;
using PooledClients.Grpc.Streams;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Methods;

/// <summary>
/// The policies of a client's methods. What is set closest to the code wins: <see cref="PooledGrpcClientOptions.Methods"/> by
/// full name, then by bare name, then the service config, then the client's own options.
/// </summary>
internal sealed class MethodPolicies
{
    private static readonly DeadlineOrigin OfClient = new("the client's Deadline option");
    private static readonly DeadlineOrigin OfStreaming = new("the client's StreamingDeadline option");
    private static readonly DeadlineOrigin OfServiceConfig = new("the service config's timeout");

    private readonly ConcurrentDictionary<string, MethodPolicy> _policies = new();
    private readonly PooledGrpcClientOptions _options;
    private readonly ServiceConfig? _ofOptions;
    private readonly CallPipelineFacts _facts;
    private readonly Idempotency _idempotency;
    private readonly MethodPolicies? _warmedUp;
    private readonly Lock _taking = new();

    // What was warned of, under _taking: resolvers say the same again and again.
    private readonly HashSet<string> _warned = [];
    private ForgottenCalls? _forgotten;

    // What came with the endpoints comes before what the options say. Set before the policies are made anew.
    private volatile ServiceConfig? _resolved;

    public MethodPolicies(PooledGrpcClientOptions options, CallPipelineFacts facts)
    {
        _options = options;
        _facts = facts;
        _ofOptions = options.ServiceConfig is { } json ? ServiceConfig.Parse(json) : null;
        Budget = new CallBudget(facts.Budget, facts.Address, RetryBudgetSettings.From(options.Resilience.RetryBudget), facts.Metrics, facts.Logger);
        _idempotency = new Idempotency(facts.ClientType, facts.Descriptor);
        if (facts.Endpoints is { } endpoints)
        {
            endpoints.ServiceConfigChanged += () => Take(endpoints);
            Take(endpoints);
        }
    }

    /// <summary>What a client's service config says that is not taken, or is taken otherwise than it reads.</summary>
    public static IEnumerable<string> WarningsOf(PooledGrpcClientOptions options, Type? clientType, ServiceDescriptor? descriptor) => options.ServiceConfig is { } json
        ? ServiceConfigWarnings.Of(ServiceConfig.Parse(json), new Idempotency(clientType, descriptor), options.Resilience.Retry.Attempts)
        : [];

    private MethodPolicies(MethodPolicies warmedUp)
    {
        _warmedUp = warmedUp;
        _options = warmedUp._options;
        _facts = warmedUp._facts;
        _ofOptions = warmedUp._ofOptions;
        _idempotency = warmedUp._idempotency;
        Budget = new CallBudget(new RetryBudget(_facts.Time), _facts.Address, RetryBudgetSettings.From(_options.Resilience.RetryBudget), metrics: null);
    }

    /// <summary>Notices streaming calls whose callers have dropped them.</summary>
    public ForgottenCalls Forgotten => _forgotten ??= new ForgottenCalls(
        _facts.Address, _facts.Time, _facts.Logger, _facts.Calls, _facts.Metrics is { } metrics ? () => metrics.StreamLeaked(_facts.ClientName) : null);

    /// <summary>What the client's calls earn, whether their methods may be tried again or not, and extra attempts spend.</summary>
    public CallBudget Budget { get; }

    /// <summary>Whether the channel throws <see cref="OperationCanceledException"/> for what its deadline or its token ends.</summary>
    public bool ThrowsOnCancellation => _facts.ThrowsOnCancellation;

    /// <summary>The same policies, worked out here as well, for calls that neither earn, spend nor count anything of the client's.</summary>
    public MethodPolicies ForWarmUp() => new(this);

    /// <param name="method">The method that is called.</param>
    /// <param name="request">The request, where there is one: its type leads to the contract.</param>
    public MethodPolicy Get<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest? request)
        where TRequest : class
        where TResponse : class =>
        _policies.TryGetValue(method.FullName, out var policy) ? policy : Add(method, request);

    // One at a time, each with what holds then: the last one has the last word.
    private void Take(EndpointSet endpoints)
    {
        string[] warnings = [];
        try
        {
            lock (_taking)
            {
                _resolved = endpoints.ServiceConfig is { } json ? ServiceConfig.Parse(json) : null;
                _policies.Clear();
                if (_resolved is { } resolved)
                {
                    warnings = [.. ServiceConfigWarnings.Of(resolved, _idempotency, _options.Resilience.Retry.Attempts).Where(_warned.Add)];
                }
            }
        }
        catch (FormatException exception)
        {
            _facts.Logger.ServiceConfigNotTaken(_facts.ClientName, exception.Message);
        }

        foreach (var warning in warnings)
        {
            _facts.Logger.ServiceConfigNote(_facts.ClientName, warning);
        }
    }

    private MethodPolicy Add<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        if (_warmedUp is not null)
        {
            return _policies.GetOrAdd(method.FullName, _warmedUp.Get(method, request).Spending(Budget));
        }

        if (method.Type != MethodType.Unary)
        {
            _facts.LearnStreaming(method);
        }

        var byFullName = _options.Methods.TryGetValue($"{method.ServiceName}/{method.Name}", out var full) ? full : null;
        var byName = _options.Methods.TryGetValue(method.Name, out var bare) ? bare : null;
        var resolved = _resolved;
        var config = (resolved ?? _ofOptions)?.Find(method.ServiceName, method.Name);
        var (deadline, origin) = Deadline(method.Name, method.Type, byFullName?.Deadline ?? byName?.Deadline, config);
        var retryPolicy = Retries(method, request, byFullName?.Idempotent ?? byName?.Idempotent, config?.RetryPolicy);
        var hedged = method.Type == MethodType.Unary && config?.RetryPolicy is null && _options.Resilience.Hedging.Delay is not null;

        var policy = _policies.GetOrAdd(method.FullName, new MethodPolicy
        {
            Deadline = deadline == Timeout.InfiniteTimeSpan ? null : deadline,
            DeadlineOrigin = origin,
            WaitForReady = byFullName?.WaitForReady ?? byName?.WaitForReady ?? config?.WaitForReady ?? _options.WaitForReady,
            Limits = MessageLimits.From(config),
            Retrier = retryPolicy is not null && !hedged ? CreateRetrier(method.FullName, retryPolicy) : null,
            Hedger = retryPolicy is not null && hedged ? CreateHedger(retryPolicy) : null,
        });

        // Another one has come meanwhile, and what was made was perhaps put behind it: the next call makes it anew.
        if (!ReferenceEquals(resolved, _resolved))
        {
            _policies.TryRemove(method.FullName, out _);
        }

        return policy;
    }

    private (TimeSpan? Deadline, DeadlineOrigin Origin) Deadline(string name, MethodType type, TimeSpan? ofMethods, MethodConfig? config) =>
        ofMethods is not null ? (ofMethods, new DeadlineOrigin($"Methods[\"{name}\"].Deadline"))
        : config?.Timeout is { } timeout ? (timeout, OfServiceConfig)
        : type == MethodType.Unary ? (_options.Deadline, OfClient)
        : (_options.StreamingDeadline, OfStreaming);

    /// <returns><see langword="null"/> where a call of the method is made once.</returns>
    private RetryPolicy? Retries<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest? request, bool? idempotent, RetryPolicy? config)
        where TRequest : class
        where TResponse : class
    {
        var retry = _options.Resilience.Retry;
        var off = retry.Attempts <= 1 && (_options.Resilience.Hedging.Delay is null || method.Type != MethodType.Unary);
        if (off || idempotent == false || method.Type is not (MethodType.Unary or MethodType.ServerStreaming) || _facts.ChannelRetries?.Make(method) == true)
        {
            return null;
        }

        // A policy that is written down is the user's word, whatever the contract says.
        if (config is not null)
        {
            return retry.Attempts > 1 ? config with { MaxAttempts = Math.Min(config.MaxAttempts, retry.Attempts) } : null;
        }

        idempotent ??= _idempotency.Find(method, request);
        if (idempotent == true)
        {
            return new RetryPolicy
            {
                MaxAttempts = retry.Attempts,
                InitialBackoff = retry.Delay,
                MaxBackoff = retry.MaxDelay,
            };
        }

        _facts.Logger.MethodNotIdempotent(
            _facts.ClientName, method.FullName, method.Name, idempotent is null ? "is not to be found" : "declares no idempotency_level");
        return null;
    }

    private CallRetrier CreateRetrier(string fullName, RetryPolicy policy) => new(
        fullName, policy, Budget, _facts.Time, _facts.Logger, _facts.Pending ?? new PendingCalls(), _facts.ThrowsOnCancellation);

    private CallHedger CreateHedger(RetryPolicy policy) => new(
        _options.Resilience.Hedging.MaxAttempts, _options.Resilience.Hedging.Delay!.Value, policy, Budget, _facts.Time);
}
