using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Makes what tries the requests of a client again, over what all clients share.</summary>
internal sealed class HttpResilienceFactory(AddressPolicies policies, TimeProvider time, HttpMetrics metrics, ILogger<HttpResilience> logger, IdleSweep sweep)
{
    /// <param name="client">The client's name, as logs and errors show it.</param>
    /// <param name="options">The client's.</param>
    /// <param name="socket">The Unix socket that its requests go to, where they do.</param>
    public HttpResilience Create(string client, HttpResilienceOptions options, ServiceAddress? socket) =>
        new(client, options, policies, time, metrics, logger, sweep, socket);
}
