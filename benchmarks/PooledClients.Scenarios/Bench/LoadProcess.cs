using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Bench;

/// <summary>A contender's process, as the bench sees it.</summary>
internal sealed class LoadProcess(ChildProcess child, int descriptorLimit) : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    public ChildProcess Child { get; } = child;

    public int DescriptorLimit { get; } = descriptorLimit;

    /// <summary>Gets what was counted last: the final counts, or, of a process that died, the last it told.</summary>
    public CallCounts Counts { get; private set; } = CallCounts.None;

    /// <summary>Gets what the scenario's half in the process has to add.</summary>
    public JsonObject Extra { get; } = [];

    /// <summary>Gets whether the process has neither ended its load nor exited in time, and was killed.</summary>
    public bool Hung { get; private set; }

    public static async Task<LoadProcess> StartAsync(LoadSettings settings, int descriptorLimit)
    {
        (var child, var ready) = await ChildProcess.StartAsync(ChildSpec.Create(LoadRole.Name, settings, descriptorLimit));
        return new LoadProcess(child, ready.GetInt32());
    }

    /// <summary>Lets the load begin.</summary>
    public Task GoAsync() => Child.AskAsync(LoadRole.Go);

    /// <summary>Tells the load a moment, by default this one.</summary>
    public Task MarkAsync(string name, long? moment = null) => Child.AskAsync(LoadRole.Mark, new LoadMark(name, moment ?? Stopwatch.GetTimestamp()));

    /// <summary>Waits while the load runs; throws when its process exits meanwhile.</summary>
    public async Task DelayAsync(TimeSpan delay)
    {
        if (await Task.WhenAny(Task.Delay(delay), Child.Done) == Child.Done)
        {
            await Child.Done;
        }
    }

    /// <summary>Waits until the load has made a call: setting the clients up takes its time.</summary>
    public async Task CallingAsync()
    {
        while (!Child.Done.IsCompleted && Progress() is not { Calls: > 0 })
        {
            await Task.Delay(Poll);
        }
    }

    public CallCounts? Progress() => Child.Progress?.Deserialize<CallCounts>();

    /// <summary>Waits for the load's end, however it comes.</summary>
    public async Task WaitAsync(TimeSpan timeout)
    {
        try
        {
            var done = await Child.Done.WaitAsync(timeout);
            Counts = done.GetProperty(nameof(LoadResult.Counts)).Deserialize<CallCounts>()!;
            if (done.GetProperty(nameof(LoadResult.Extra)) is { ValueKind: JsonValueKind.Object } extra)
            {
                Add(JsonObject.Create(extra)!);
            }
        }
        catch (ChildExitedException)
        {
            Counts = Progress() ?? CallCounts.None;
        }
        catch (TimeoutException)
        {
            Hung = true;
            Counts = Progress() ?? CallCounts.None;
            await Child.KillAsync();
        }
    }

    public ValueTask DisposeAsync() => Child.DisposeAsync();

    private void Add(JsonObject extra)
    {
        foreach ((var name, var value) in extra)
        {
            Extra[JsonNamingPolicy.CamelCase.ConvertName(name)] = value?.DeepClone();
        }
    }
}
