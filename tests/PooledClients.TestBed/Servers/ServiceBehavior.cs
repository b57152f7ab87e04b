using System.Collections.Concurrent;
using Grpc.Core;

namespace PooledClients.TestBed.Servers;

/// <summary>The knobs of a service, turned while it runs, and the count of what it has processed.</summary>
internal sealed class ServiceBehavior
{
    private readonly ConcurrentDictionary<string, int> _processed = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource? _hold;
    private int _inFlight;
    private int _mostInFlight;
    private int _failures;

    /// <summary>Gets or sets how long each call takes.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Gets or sets the status with which calls fail, as many times as <see cref="FailTimes"/> says.</summary>
    public Status FailWith { get; set; } = new(StatusCode.Unavailable, "failed on purpose");

    /// <summary>Sets how many of the next calls fail with <see cref="FailWith"/>.</summary>
    public int FailTimes { set => Volatile.Write(ref _failures, value); }

    public int InFlight => Volatile.Read(ref _inFlight);

    public int MostInFlight => Volatile.Read(ref _mostInFlight);

    /// <summary>Gets the number of calls that reached the service's code, whatever became of them.</summary>
    public int TotalProcessed => _processed.Values.Sum();

    /// <summary>Tells how many calls of a method, by its bare name, reached the service's code.</summary>
    public int Processed(string method) => _processed.GetValueOrDefault(method);

    /// <summary>Holds every call, those to come included, until <see cref="Release"/>.</summary>
    public void Hold() => _hold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref _hold, null)?.TrySetResult();

    /// <summary>Run at the start of every call of the service.</summary>
    public async Task EnterAsync(ServerCallContext context)
    {
        _processed.AddOrUpdate(context.Method[(context.Method.LastIndexOf('/') + 1)..], 1, static (_, count) => count + 1);
        var inFlight = Interlocked.Increment(ref _inFlight);
        InterlockedMax(ref _mostInFlight, inFlight);
        try
        {
            if (Delay > TimeSpan.Zero)
            {
                await Task.Delay(Delay, context.CancellationToken);
            }

            if (_hold is { } hold)
            {
                await hold.Task.WaitAsync(context.CancellationToken);
            }

            if (Volatile.Read(ref _failures) > 0 && Interlocked.Decrement(ref _failures) >= 0)
            {
                throw new RpcException(FailWith);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
