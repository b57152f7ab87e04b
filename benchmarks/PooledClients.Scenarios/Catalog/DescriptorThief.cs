using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Other code of the process takes every descriptor there is, holds them, and lets go.</summary>
internal sealed class DescriptorThief() : GrpcScenario(
    "descriptor-thief", "other code opens files until none is left and holds them for 40 s, under 150 callers and one that needs a new connection")
{
    private const string Steal = "steal";
    private const string LetGo = "let-go";
    private const int ServiceMs = 10;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(6);

    protected override int Callers => 150;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        List<SafeFileHandle> stolen = [];
        var newConnects = new CallMeter();
        var connecting = Task.CompletedTask;
        using var end = new CancellationTokenSource();
        load.On(Steal, _ =>
        {
            TakeAll(stolen);
            connecting = ConnectAsync(clients, load.Settings.Grpc!, newConnects, end.Token);
            return ValueTask.FromResult<object?>(null);
        });
        load.On(LetGo, _ =>
        {
            stolen.ForEach(handle => handle.Dispose());
            load.Mark(LetGo, Stopwatch.GetTimestamp());
            return ValueTask.FromResult<object?>(null);
        });

        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        await end.CancelAsync();
        await connecting;
        return new
        {
            Stolen = stolen.Count,
            SecondsToConnectAfterwards = load.Moment(LetGo) is { } moment ? newConnects.Timeline.SecondsToFirstSuccess(moment) : null,
            NewConnectsFailed = newConnects.Failed,
            NewConnectError = newConnects.Read().FirstError,
        };
    }

    protected override TimeSpan Duration(BenchOptions options) => Before + Held(options) + After;

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs }) with { GrpcPorts = [0, 0] };

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { DeadlineSeconds = 5 };

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.DelayAsync(Before);
        await load.Child.AskAsync(Steal);
        await load.DelayAsync(Held(stage.Options));
        await load.Child.AskAsync(LetGo);
    }

    private static TimeSpan Held(BenchOptions options) => options.Duration(40, 8);

    /// <summary>Opens files until there is no descriptor left, once: what is given back afterwards is left alone.</summary>
    private static void TakeAll(List<SafeFileHandle> stolen)
    {
        try
        {
            while (true)
            {
                stolen.Add(File.OpenHandle("/dev/null"));
            }
        }
        catch (IOException)
        {
            // None is left.
        }
    }

    /// <summary>Calls a second address, to which there is no connection yet.</summary>
    private static async Task ConnectAsync(GrpcClients clients, GrpcClientSettings settings, CallMeter meter, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await Calls.GetAsync(clients, 1, settings, end);
                meter.RecordSuccess(started);
            }
            catch (Exception error) when (!end.IsCancellationRequested)
            {
                meter.RecordFailure(error);
            }
            catch (Exception)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }
}
