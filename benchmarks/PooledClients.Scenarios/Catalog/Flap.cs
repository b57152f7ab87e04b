using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>A server that answers Unavailable to half the calls for a while.</summary>
internal sealed class Flap() : Scenario("flap", "a server answers Unavailable to half the calls for 10 s: few calls with up to 10 attempts, then many with the defaults")
{
    private const string Prepare = "prepare";
    private const string Run = "run";
    private const string Judge = "judge";
    private const string End = "end";
    private const double FailShare = 0.5;
    private const int FrameworkAttempts = 5;
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => (2 * (Failing(options) + Healthy)) + TimeSpan.FromSeconds(4);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour()));
        var load = await stage.StartLoadAsync(new LoadSettings
        {
            Grpc = new GrpcClientSettings { Addresses = server.Addresses.Grpc, CaPath = stage.Certificates.CaPath, DeadlineSeconds = 10 },
        });
        var watch = stage.Watch(load.Child);
        await load.GoAsync();
        var phases = new JsonObject();
        var seconds = (Failing(stage.Options) + Healthy).TotalSeconds;
        int? attempts = stage.Contender is PooledGrpc ? null : FrameworkAttempts;
        try
        {
            foreach (var phase in (FlapLoad[])[new("10 a second", 10, 10, false, false, seconds), new("200 a second", 200, attempts, true, true, seconds)])
            {
                phases[phase.Name] = await RunAsync(stage, server, load, phase);
            }

            await load.Child.AskAsync(End);
        }
        catch (ChildExitedException) when (load.Child.HasExited)
        {
            // The contender died of it: that is a row.
        }

        await load.WaitAsync(Patience);
        var counts = await server.CountsAsync();
        var row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.GrpcConnections, counts.GrpcHandshakes);
        row.Extra["phases"] = phases;
        row.Extra["writesTwice"] = counts.WritesTwice;
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        var end = new TaskCompletionSource();
        long calls = 0;
        long silent = 0;
        FlapLoad? phase = null;
        GrpcClients? clients = null;
        load.On(Prepare, async argument =>
        {
            phase = new ChildCommand(Prepare, argument).Read<FlapLoad>();
            clients = GrpcContender.Find(load.Settings.Contender).Build(Settings(load, phase));
            await Calls.GetAsync(clients, 0, load.Settings.Grpc!, CancellationToken.None);
            return null;
        });
        load.On(Run, async _ =>
        {
            (calls, silent) = (load.Meter.Read().Calls, 0);
            await load.RunPacedAsync(phase!.PerSecond, TimeSpan.FromSeconds(phase.Seconds), async (number, cancellationToken) =>
            {
                if (phase.Writes && number % 2 == 1)
                {
                    await Calls.PutAsync(clients!, $"{phase.Name} {number}", Settings(load, phase), cancellationToken);
                    return;
                }

                try
                {
                    await Calls.GetAsync(clients!, 0, Settings(load, phase), cancellationToken);
                }
                catch (Exception error) when (IsSilent(error))
                {
                    Interlocked.Increment(ref silent);
                    throw;
                }
            });
            await clients!.DisposeAsync();
            return null;
        });
        load.On(Judge, argument =>
        {
            var window = new ChildCommand(Judge, argument).Read<FlapWindow>();
            var timeline = load.Meter.Timeline;
            return ValueTask.FromResult<object?>(new FlapResult(
                load.Meter.Read().Calls - calls,
                timeline.FailuresBetween(window.Began, window.Recovered),
                timeline.SecondsToLastFailure(window.Recovered),
                silent));
        });
        load.On(End, _ =>
        {
            end.SetResult();
            return ValueTask.FromResult<object?>(null);
        });
        await end.Task;
        load.Meter.Stop();
        return null;
    }

    private static TimeSpan Failing(BenchOptions options) => options.Duration(10, 4);

    private static GrpcClientSettings Settings(LoadContext load, FlapLoad phase) => load.Settings.Grpc! with { MaxAttempts = phase.MaxAttempts, Breaker = phase.Breaker };

    private static bool IsSilent(Exception error)
    {
        var text = ErrorText.Of(error);
        return !text.Contains("budget", StringComparison.OrdinalIgnoreCase) && !text.Contains("breaker", StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<JsonObject> RunAsync(Stage stage, ServerProcess server, LoadProcess load, FlapLoad phase)
    {
        await load.Child.AskAsync(Prepare, phase);
        var before = await server.CountsAsync();
        var began = Stopwatch.GetTimestamp();
        await server.BehaveAsync(new ServerBehaviour { FailShare = FailShare });
        var run = load.Child.AskAsync(Run);
        await Task.Delay(Failing(stage.Options));
        await server.BehaveAsync(new ServerBehaviour());
        var recovered = Stopwatch.GetTimestamp();
        await run;
        var result = (await load.Child.AskAsync(Judge, new FlapWindow(began, recovered))).Deserialize<FlapResult>()!;
        var attempts = (await server.CountsAsync()).Requests - before.Requests;
        return new JsonObject
        {
            ["calls"] = result.Calls,
            ["failedMeanwhile"] = result.FailedMeanwhile,
            ["secondsOfFailureAfterRecovery"] = result.SecondsOfFailureAfterRecovery,
            ["extraAttempts"] = attempts - result.Calls,
            ["allowedExtraAttempts"] = Math.Round((0.2 * result.Calls) + (10 * phase.Seconds)),
            ["readsFailedSayingNeitherBudgetNorBreaker"] = result.SilentFailures,
        };
    }
}
