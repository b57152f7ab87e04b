using System.Collections.Concurrent;
using System.Diagnostics;

namespace PooledClients.Scenarios.Servers;

/// <summary>What a server counts, and how it behaves at the moment.</summary>
internal sealed class ServerState(ServerBehaviour behaviour)
{
    private readonly ConcurrentDictionary<string, int> _writes = new();
    private readonly ConcurrentDictionary<int, long> _stalls = new();
    private TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServerBehaviour _behaviour = behaviour;
    private long _requests;
    private int _held;

    /// <summary>Gets when each stalled body was given up.</summary>
    public IReadOnlyDictionary<int, long> Stalls => _stalls;

    public ConnectionCounts Grpc { get; } = new();

    public ConnectionCounts Api { get; } = new();

    public ServerBehaviour Behaviour => Volatile.Read(ref _behaviour);

    /// <summary>Changes the behaviour; what was held is let go unless it is to be held still.</summary>
    public void Behave(ServerBehaviour behaviour)
    {
        Volatile.Write(ref _behaviour, behaviour);
        if (!behaviour.Hold)
        {
            Interlocked.Exchange(ref _release, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    /// <summary>Writes an upload, as long as the behaviour says.</summary>
    public void Store() => Thread.Sleep(Behaviour.StoreMs);

    /// <summary>Treats one call as the behaviour says; true when it is to fail.</summary>
    public async ValueTask<bool> EnterAsync(int delayMs, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        var behaviour = Behaviour;
        if (behaviour.FailShare > 0 && Random.Shared.NextDouble() < behaviour.FailShare)
        {
            return true;
        }

        if (behaviour.Hold)
        {
            Interlocked.Increment(ref _held);
            await Volatile.Read(ref _release).Task.WaitAsync(cancellationToken);
        }

        if (delayMs > 0 && (behaviour.DelayShare >= 1 || Random.Shared.NextDouble() < behaviour.DelayShare))
        {
            await Task.Delay(delayMs, cancellationToken);
        }

        return false;
    }

    /// <summary>Waits until the client gives a body up, and notes the moment on the machine's monotonic clock.</summary>
    public async Task StallAsync(int id, CancellationToken aborted)
    {
        var given = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = aborted.Register(given.SetResult);
        await given.Task;
        _stalls[id] = Stopwatch.GetTimestamp();
    }

    /// <summary>Notes that a write has arrived, so that one sent twice is seen, whatever its answer.</summary>
    public void RecordWrite(string key) => _writes.AddOrUpdate(key, 1, (_, count) => count + 1);

    public ServerCounts Read()
    {
        return new ServerCounts(
            Grpc.Accepted,
            Grpc.Handshakes,
            Grpc.Open,
            Api.Accepted,
            Api.Handshakes,
            Api.Open,
            Volatile.Read(ref _requests),
            Volatile.Read(ref _held),
            _writes.Values.Count(count => count > 1));
    }
}
