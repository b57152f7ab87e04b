using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Http.Leaks;

namespace PooledClients.Http;

/// <summary>The pooled HTTP clients of the container, each made at its first use.</summary>
internal sealed class HttpClients
{
    private readonly ConcurrentDictionary<string, Lazy<HttpClientState>> _clients = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names;
    private readonly Func<string, HttpClientState> _make;

    public HttpClients(
        IEnumerable<HttpClientRegistration> registrations,
        IOptionsMonitor<PooledHttpClientOptions> options,
        ResponseRegistry registry,
        HttpMetrics metrics,
        TimeProvider time,
        IdleSweep sweep)
    {
        _names = registrations.Select(static registration => registration.Name).ToHashSet(StringComparer.Ordinal);
        _make = name => new HttpClientState(name, options.Get(name), registry, metrics, time, sweep);
        metrics.ObserveResponses(
            () => _clients.Values.Where(static client => client.IsValueCreated).Select(static client => (client.Value.DisplayName, client.Value.Open)),
            () => registry.OldestAge);
    }

    /// <summary>The client of this name; <see langword="null"/> when it is none of ours.</summary>
    public HttpClientState? Find(string name) =>
        _names.Contains(name) ? _clients.GetOrMake(name, static (name, make) => make(name), _make) : null;
}
