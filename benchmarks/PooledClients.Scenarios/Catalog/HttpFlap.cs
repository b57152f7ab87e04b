using System.Net.Http.Json;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>An API that answers 503 to half the requests for a while.</summary>
internal sealed class HttpFlap() : HttpScenario("http-flap", "an API answers 503 to half of 200 requests a second for 10 s, GET and POST by turns: requests that reach it, POSTs sent twice")
{
    private const string Began = "began";
    private const string Recovered = "recovered";
    private const int PerSecond = 200;
    private const double FailShare = 0.5;
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(4);

    protected override double DeadlineSeconds => 10;

    protected override ServerBehaviour Behaviour => new() { FailShare = FailShare };

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildHttp();
        await load.RunPacedAsync(PerSecond, load.Duration, async (number, token) =>
        {
            if (number % 2 == 0)
            {
                await clients.Take().GetByteArrayAsync($"records/{number}", token);
                return;
            }

            using var response = await clients.Take().PostAsJsonAsync("files", new UploadedFile($"file-{number}", number), token);
            response.EnsureSuccessStatusCode();
        });
        load.Meter.Stop();
        var recovered = load.Moment(Recovered)!.Value;
        return new
        {
            FailedMeanwhile = load.Meter.Timeline.FailuresBetween(load.Moment(Began)!.Value, recovered),
            SecondsOfFailureAfterRecovery = load.Meter.Timeline.SecondsToLastFailure(recovered),
        };
    }

    protected override TimeSpan Duration(BenchOptions options) => Failing(options) + Healthy;

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.MarkAsync(Began);
        await load.DelayAsync(Failing(stage.Options));
        await server.BehaveAsync(new ServerBehaviour());
        await load.MarkAsync(Recovered);
    }

    protected override Task CompleteAsync(Row row, ServerProcess server, ServerCounts counts)
    {
        row.Extra["requests"] = counts.Requests;
        row.Extra["extraRequests"] = counts.Requests - row.Calls;
        row.Extra["allowedExtraRequests"] = Math.Round((0.2 * row.Calls) + (10 * row.Seconds));
        row.Extra["postsSentTwice"] = counts.WritesTwice;
        return Task.CompletedTask;
    }

    private static TimeSpan Failing(BenchOptions options) => options.Duration(10, 4);
}
