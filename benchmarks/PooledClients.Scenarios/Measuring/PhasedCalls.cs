using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Core;

namespace PooledClients.Scenarios.Measuring;

/// <summary>The calls of a load by when they began: while it was cold, before something happened, until it was over, and after.</summary>
internal sealed class PhasedCalls
{
    private readonly ConcurrentQueue<(long Began, double Ms, string? Error)> _calls = new();

    public async Task RunAsync(Func<Task> call)
    {
        var began = Stopwatch.GetTimestamp();
        string? error = null;
        try
        {
            await call();
        }
        catch (RpcException failure)
        {
            error = failure.StatusCode.ToString();
            throw;
        }
        finally
        {
            _calls.Enqueue((began, Stopwatch.GetElapsedTime(began).TotalMilliseconds, error));
        }
    }

    /// <summary>Tells the latencies of the calls that succeeded, and what failed.</summary>
    public IReadOnlyDictionary<string, object> Tell(long? warm, long? hurt, long? healed)
    {
        var told = new Dictionary<string, object>();
        foreach (var phase in _calls.GroupBy(call => call.Began < warm ? "Cold" : call.Began < hurt ? "Before" : call.Began < healed ? "During" : "After"))
        {
            var latencies = phase.Where(static call => call.Error is null).Select(static call => call.Ms).Order().ToArray();
            told[$"p50{phase.Key}"] = Percentile(latencies, 0.5);
            told[$"p99{phase.Key}"] = Percentile(latencies, 0.99);
            told[$"failed{phase.Key}"] = string.Join(", ", phase.Where(static call => call.Error is not null)
                .GroupBy(static call => call.Error).Select(static error => $"{error.Key} {error.Count()}").DefaultIfEmpty("0"));
        }

        return told;
    }

    private static double Percentile(double[] sorted, double share) => sorted.Length == 0 ? 0 : Math.Round(sorted[(int)((sorted.Length - 1) * share)], 2);
}
