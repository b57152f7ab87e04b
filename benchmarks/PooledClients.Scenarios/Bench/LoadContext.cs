using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Bench;

/// <summary>What the half of a scenario in a contender's process works with.</summary>
internal sealed class LoadContext(LoadSettings settings)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(25);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Func<JsonElement, ValueTask<object?>>>> _handlers = new();

    private readonly ConcurrentDictionary<string, long> _marks = new();

    public LoadSettings Settings { get; } = settings;

    public CallMeter Meter { get; } = new();

    public TimeSpan Duration => TimeSpan.FromSeconds(Settings.Seconds);

    public GrpcClients BuildGrpc() => GrpcContender.Find(Settings.Contender).Build(Settings.Grpc!);

    public HttpClients BuildHttp() => HttpContender.Find(Settings.Contender).Build(Settings.Http!);

    /// <summary>Reads a moment that the bench has noted, such as that of a server's return.</summary>
    public long? Moment(string name) => _marks.TryGetValue(name, out var moment) ? moment : null;

    public void Mark(string name, long moment) => _marks[name] = moment;

    /// <summary>Answers a command of the bench.</summary>
    public void On(string command, Func<JsonElement, ValueTask<object?>> handler) => Handler(command).SetResult(handler);

    /// <summary>Does what the bench commands, once the scenario's half knows how to.</summary>
    public async ValueTask<object?> HandleAsync(ChildCommand command) => await (await Handler(command.Name).Task)(command.Argument);

    /// <summary>Lets callers call one after another for the same time, however many calls that makes.</summary>
    public async Task RunCallersAsync(Func<int, CancellationToken, Task> call)
    {
        Meter.Start();
        var started = Stopwatch.GetTimestamp();
        using var end = new CancellationTokenSource(Duration + Grace);
        await Task.WhenAll(Enumerable.Range(0, Settings.Callers).Select(caller => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < Duration)
            {
                await RunOnceAsync(caller, call, end.Token);
            }
        })));
        Meter.Stop();
    }

    /// <summary>Lets the callers make so many calls together.</summary>
    public async Task RunCountAsync(int calls, Func<int, CancellationToken, Task> call)
    {
        Meter.Start();
        var next = 0;
        using var end = new CancellationTokenSource(Duration + Grace);
        await Task.WhenAll(Enumerable.Range(0, Settings.Callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= calls)
            {
                await RunOnceAsync(number, call, end.Token);
            }
        })));
        Meter.Stop();
    }

    /// <summary>Starts so many calls a second, however long each of them takes.</summary>
    public async Task RunPacedAsync(double perSecond, TimeSpan duration, Func<int, CancellationToken, Task> call)
    {
        Meter.Start();
        var started = Stopwatch.GetTimestamp();
        List<Task> calls = [];
        using var end = new CancellationTokenSource(duration + Grace);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Stopwatch.GetElapsedTime(started) < duration && await timer.WaitForNextTickAsync(CancellationToken.None))
        {
            var due = Math.Min(Stopwatch.GetElapsedTime(started).TotalSeconds, duration.TotalSeconds) * perSecond;
            while (calls.Count < due)
            {
                var number = calls.Count;
                calls.Add(Task.Run(() => RunOnceAsync(number, call, end.Token), CancellationToken.None));
            }
        }

        await Task.WhenAll(calls);
    }

    /// <summary>Lets each caller make one call at the same time.</summary>
    public async Task RunBurstAsync(int callers, Func<int, CancellationToken, Task> call)
    {
        Meter.Start();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => RunOnceAsync(caller, call, CancellationToken.None))));
    }

    /// <summary>Makes one call and counts it. A caller whose call failed pauses, as a program in trouble should.</summary>
    public async Task<bool> RunOnceAsync(int caller, Func<int, CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await call(caller, cancellationToken);
            Meter.RecordSuccess(started);
            return true;
        }
        catch (Exception error)
        {
            Meter.RecordFailure(error);
            await Task.Delay(PauseAfterFailure, CancellationToken.None);
            return false;
        }
    }

    private TaskCompletionSource<Func<JsonElement, ValueTask<object?>>> Handler(string command) => _handlers.GetOrAdd(command, _ => new TaskCompletionSource<Func<JsonElement, ValueTask<object?>>>(TaskCreationOptions.RunContinuationsAsynchronously));
}
