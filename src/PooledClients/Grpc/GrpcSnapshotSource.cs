using PooledClients.Diagnostics;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Streams;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc;

/// <summary>Tells of the channels, their calls and their open streams.</summary>
internal sealed class GrpcSnapshotSource(GrpcChannelPool pool) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        foreach (var (name, channel) in pool.Channels)
        {
            if (channel.Handler is not { } handler)
            {
                continue;
            }

            List<MethodCalls> methods = [.. channel.Calls.Methods];
            var latencies = CallWindow.NoLatencies();
            methods.ForEach(method => method.Window.AddLatencies(latencies));
            var failure = methods.Select(static method => method.LatestFailure).MaxBy(static failure => failure?.At);
            snapshot.Channels.Add(new ChannelSnapshot
            {
                Id = channel.Id,
                TransportId = handler.Transport.Id,
                Name = name,
                Address = handler.Transport.Address,
                State = handler.State.ToString(),
                Generation = handler.Transport.Current.Number,
                CallsStarted = methods.Sum(static method => method.Started),
                CallsSucceeded = methods.Sum(static method => method.Succeeded),
                CallsFailed = methods.Sum(static method => method.Failed),
                LastCallAt = methods.Max(static method => method.LastCallAt),
                LastError = failure?.What,
                LastErrorAt = failure?.At,
                P50 = CallWindow.Percentile(latencies, 0.5),
                P99 = CallWindow.Percentile(latencies, 0.99),
                CallsInFlight = (int)methods.Sum(static method => method.Started - method.Succeeded - method.Failed),
                CallsWaiting = handler.Admission.Waiting,
                CallLimit = handler.Admission.Limit is var limit and < int.MaxValue ? limit : null,
                CircuitState = handler.Breaker?.State,
                CircuitOpenUntil = handler.Breaker?.OpenUntil,
                Options = channel.OptionsInForce,
            });
            snapshot.Methods.AddRange(methods.Select(Describe));
        }

        foreach (var handler in pool.Handlers)
        {
            foreach (var stream in handler.OpenStreams.Snapshot())
            {
                snapshot.OpenStreams.Add(new OpenStreamSnapshot
                {
                    Client = stream.Client,
                    Address = handler.Transport.Address,
                    Method = stream.Method.TrimStart('/'),
                    HeldFor = handler.OpenStreams.AgeOf(stream),
                    UnreadFor = handler.OpenStreams.UnreadFor(stream),
                    Origin = stream.CallSite,
                });
            }
        }
    }

    private static MethodSnapshot Describe(MethodCalls method)
    {
        var latencies = CallWindow.NoLatencies();
        method.Window.AddLatencies(latencies);
        var (calls, failed) = method.Window.Line();
        return new MethodSnapshot
        {
            Client = method.Client,
            Target = method.Target,
            Method = method.Name,
            Started = method.Started,
            Succeeded = method.Succeeded,
            Failed = method.Failed,
            DeadlinesByPhase = method.DeadlinesByPhase(),
            CallsPerSecond = calls.Sum() / CallWindow.Length.TotalSeconds,
            FailedLately = failed.Sum(),
            P50 = CallWindow.Percentile(latencies, 0.5),
            P99 = CallWindow.Percentile(latencies, 0.99),
            Line = calls,
            FailedLine = failed,
            LastCallAt = method.LastCallAt,
            LastError = method.LatestFailure?.What,
            LastErrorAt = method.LatestFailure?.At,
        };
    }
}
