using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Telemetry;
using PooledClients.Platform;

namespace PooledClients.Grpc.Sending;

/// <summary>What a call waits for in front of the connections of its address, told by phase.</summary>
internal sealed class CallWaits(Transport transport, CallAdmission admission, CallErrors errors, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    private readonly AdmissionAlarm _alarm = new(admission, transport.Address, timeProvider, logger);

    public static bool WaitsForReady(HttpRequestMessage request) => request.Options.TryGetValue(GrpcContracts.WaitForReady, out var waits) && waits;

    /// <summary>Waits behind the limit on calls in flight.</summary>
    /// <returns>That the call is in.</returns>
    public async Task<bool> EnterAsync(CallTime time, CancellationToken cancellationToken)
    {
        var since = timeProvider.GetTimestamp();
        var phase = admission.IsBoundByStreams ? WaitPhase.Stream : WaitPhase.Admission;
        try
        {
            var entry = admission.EnterAsync(cancellationToken);
            if (!entry.IsCompleted)
            {
                _alarm.Set();
            }

            await entry.ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException exception)
        {
            if (!time.IsOver)
            {
                throw;
            }

            throw errors.NotAdmitted(time, phase, admission.Limit, exception);
        }
        finally
        {
            Tell(time, phase, since);
        }
    }

    /// <summary>Waits for a connection of the pool, or of another endpoint; without one the runtime picks it.</summary>
    public async Task<ICallSender> TakeAsync(EndpointPool? pool, MethodType type, HttpRequestMessage request, CallTime time, CancellationToken cancellationToken)
    {
        var since = timeProvider.GetTimestamp();
        if (transport.SetOf(request) is { } set)
        {
            var phase = set.All.Any(static endpoint => endpoint.IsReady) ? WaitPhase.Stream : WaitPhase.Dial;
            try
            {
                return await EndpointWait.TakeAsync(set, type != MethodType.Unary, WaitsForReady(request), time, errors, timeProvider, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Tell(time, phase, since);
            }
        }

        return pool is null ? CreateRuntimeSender(request) : await TakeAsync(pool, request, time, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<ICallSender> TakeAsync(EndpointPool pool, HttpRequestMessage request, CallTime time, CancellationToken cancellationToken)
    {
        // A call that waits until the server is ready waits once, however many dials fail meanwhile.
        var since = timeProvider.GetTimestamp();
        var phase = pool.Connections.Ready == 0 ? WaitPhase.Dial : WaitPhase.Stream;
        try
        {
            while (true)
            {
                var grant = await pool.TakeAsync(cancellationToken).ConfigureAwait(false);
                if (grant.Connection is not null)
                {
                    return grant.Connection;
                }

                if (grant.Failure is null)
                {
                    throw errors.Disposed();
                }

                // Waiting heals no mistrust.
                if (!WaitsForReady(request) || SendFailure.IsTrustFailure(grant.Failure))
                {
                    throw errors.NotConnected(grant.Failure);
                }
            }
        }
        catch (OperationCanceledException exception) when (time.IsOver)
        {
            throw errors.NotSent(time, pool, exception);
        }
        finally
        {
            Tell(time, phase, since);
        }
    }

    public void Dispose() => _alarm.Dispose();

    private void Tell(CallTime time, WaitPhase phase, long since) => time.Observer?.Waited(phase, timeProvider.GetElapsedTime(since));

    private RuntimeSender CreateRuntimeSender(HttpRequestMessage request)
    {
        try
        {
            return new RuntimeSender(transport, request);
        }
        catch (ObjectDisposedException)
        {
            throw errors.Disposed();
        }
    }
}
