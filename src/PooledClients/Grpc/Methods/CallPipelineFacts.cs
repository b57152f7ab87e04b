using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Methods;

/// <summary>What the pipeline of a client has to know beside its options.</summary>
/// <param name="ClientName">The client's name, as logs and errors show it.</param>
/// <param name="ClientType">The type of the stubs; its contract tells which methods are idempotent.</param>
/// <param name="Descriptor">The contract that the registration gave, if it did.</param>
/// <param name="Address">The address, as errors name it.</param>
/// <param name="Budget">The extra attempts that all clients of the address share.</param>
/// <param name="LearnStreaming">Told, once, of each method that is not unary.</param>
/// <param name="Metrics">Counts further attempts.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log of calls.</param>
/// <param name="Calls">Follows the calls where somebody listens.</param>
/// <param name="Endpoints">The endpoints of the service, with which a service config may come; none where it is one endpoint.</param>
/// <param name="Pending">Counts the calls that are being tried again.</param>
internal sealed record CallPipelineFacts(
    string ClientName,
    Type? ClientType,
    ServiceDescriptor? Descriptor,
    string Address,
    RetryBudget Budget,
    Action<IMethod> LearnStreaming,
    GrpcMetrics? Metrics,
    TimeProvider Time,
    ILogger Logger,
    ChannelCalls? Calls = null,
    EndpointSet? Endpoints = null,
    PendingCalls? Pending = null)
{
    /// <summary>Gets whether the channel throws <see cref="OperationCanceledException"/> for what its deadline or its token ends.</summary>
    public bool ThrowsOnCancellation { get; init; }

    /// <summary>Gets the methods whose calls the channel makes again; <see langword="null"/> where it makes none.</summary>
    public ChannelRetries? ChannelRetries { get; init; }
}
