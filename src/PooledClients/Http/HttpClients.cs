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

    public HttpClients(
        IEnumerable<HttpClientRegistration> registrations,
        IOptionsMonitor<PooledHttpClientOptions> options,
        ResponseRegistry registry,
        HttpMetrics metrics,
        TimeProvider time,
        IdleSweep sweep)
    {
        foreach (var name in registrations.Select(static registration => registration.Name))
        {
            _clients.TryAdd(name, new(() => new HttpClientState(name, options.Get(name), registry, metrics, time, sweep)));
        }

        metrics.ObserveResponses(
            () => _clients.Values.Where(static client => client.IsValueCreated).Select(static client => (client.Value.DisplayName, client.Value.Open)),
            () => registry.OldestAge);
    }

    /// <summary>The client of this name; <see langword="null"/> when it is none of ours.</summary>
    public HttpClientState? Find(string name) => _clients.GetValueOrDefault(name)?.Value;
}
