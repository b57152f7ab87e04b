using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Protobuf.Reflection;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Grpc.Telemetry;

/// <summary>The calls of one channel, by method. Methods that are not the contract's are one, so that no caller can fill a metrics store with names.</summary>
internal sealed class ChannelCalls
{
    /// <summary>Where the contract is not to be had, so many methods go by their names.</summary>
    internal const int MostUnknown = 100;

    private const string Other = "other";

    private readonly TimeProvider _time;
    private readonly HashSet<string>? _contract;
    private readonly MethodCalls _other;
    private readonly CallSiteSampler? _sampler;

    // By the path of the request; it stops to grow at the contract's methods, or the bound.
    private readonly ConcurrentDictionary<string, MethodCalls> _methods = new(StringComparer.Ordinal);

    /// <param name="client">The name of the client.</param>
    /// <param name="target">The address that it calls.</param>
    /// <param name="contract">The contract, where it is to be had.</param>
    /// <param name="metrics">The instruments.</param>
    /// <param name="time">The clock.</param>
    /// <param name="sampler">Finds out who makes streaming calls.</param>
    public ChannelCalls(string client, string target, ServiceDescriptor? contract, CallMetrics metrics, TimeProvider time, CallSiteSampler? sampler = null)
    {
        _sampler = sampler;
        Client = client;
        Target = target;
        Metrics = metrics;
        _time = time;
        _contract = contract is null ? null : [.. contract.Methods.Select(method => $"{contract.FullName}/{method.Name}")];
        _other = new MethodCalls(client, target, Other, metrics, time);
    }

    public string Client { get; }

    public string Target { get; }

    public CallMetrics Metrics { get; }

    /// <summary>Whether a call has to be followed to its end: it costs nothing where nobody listens.</summary>
    public bool IsFollowed => Metrics.FollowsCalls;

    public IEnumerable<MethodCalls> Methods => _methods.Values.Append(_other).Where(static method => method.Started > 0).Distinct();

    /// <summary>The calls of the method that a request of this path calls. A message handler may have put a prefix in front.</summary>
    public MethodCalls Get(string path) => _methods.TryGetValue(path, out var method) ? method : Find(path);

    /// <summary>Who makes a streaming call, where that is found out. Asked synchronously, by who is called first.</summary>
    public string? FindCaller(string fullName) => _sampler?.Capture(Get(fullName).Callers);

    /// <summary>Begins the one count of a call that is several of the channel's.</summary>
    public CallAccount Open(string fullName) => new(Get(fullName), _time);

    /// <summary>Begins to follow a call from the pipeline's side.</summary>
    /// <param name="fullName">The method's full name, with its leading slash.</param>
    /// <param name="many">How a call is made that is several of the channel's; <see langword="null"/> for one that is one.</param>
    /// <returns><see langword="null"/> where nobody listens.</returns>
    public ObservedCall? Begin(string fullName, string? many)
    {
        if (many is not null && CallActivities.HasListeners)
        {
            return new ObservedCall(Get(fullName), many, CallActivities.Start(many, fullName));
        }

        return IsFollowed ? new ObservedCall(Get(fullName), many, activity: null) : null;
    }

    private MethodCalls Find(string path)
    {
        var service = path.LastIndexOf('/', Math.Max(0, path.LastIndexOf('/') - 1));
        var name = path[(service + 1)..];
        if (_contract is null ? _methods.Count >= MostUnknown : !_contract.Contains(name))
        {
            return _other;
        }

        return service == 0
            ? _methods.GetOrAdd(path, static (_, state) => new MethodCalls(state.calls.Client, state.calls.Target, state.name, state.calls.Metrics, state.calls._time), (calls: this, name))
            : Get(path[service..]);
    }
}
