using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Bodies that stop half-way: when is the caller free, and when does the server see the end?</summary>
internal sealed class HttpStall() : HttpScenario("http-stall", "bodies stop half-way under a deadline of 2 s: how late the caller is free, and the connection or stream given up")
{
    private const int ReadsOfAKind = 10;
    private const double Deadline = 2;
    private const double GiveUpAfterSeconds = 8;
    private static readonly Dictionary<string, Func<HttpClient, string, CancellationToken, Task>> Kinds = new()
    {
        ["string"] = (client, path, token) => client.GetStringAsync(path, token),
        ["headers, then string"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await response.Content.ReadAsStringAsync(token);
        },
        ["stream"] = async (client, path, token) =>
        {
            await using var stream = await client.GetStreamAsync(path, token);
            await stream.CopyToAsync(Stream.Null, token);
        },
    };

    protected override double DeadlineSeconds => Deadline;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        List<Task<StalledRead>> reads = [];
        List<HttpClients> sets = [];
        foreach (var http2 in (bool[])[false, true])
        {
            var clients = HttpContender.Find(load.Settings.Contender).Build(load.Settings.Http! with { Http2 = http2 });
            sets.Add(clients);
            await load.RunBurstAsync(1, (_, token) => clients.Take().GetByteArrayAsync("records/1", token));
            foreach (var kind in Kinds.Keys)
            {
                for (var read = 0; read < ReadsOfAKind; read++)
                {
                    reads.Add(ReadAsync(clients.Take(), http2 ? "HTTP/2" : "HTTP/1.1", kind, reads.Count + 1));
                }
            }
        }

        var ended = await Task.WhenAll(reads);
        load.Meter.Stop();
        foreach (var clients in sets)
        {
            await clients.DisposeAsync();
        }

        return new { Reads = ended };
    }

    protected override TimeSpan Duration(BenchOptions options) => TimeSpan.FromSeconds(Deadline + GiveUpAfterSeconds);

    protected override async Task CompleteAsync(Row row, ServerProcess server, ServerCounts counts)
    {
        var reads = row.Extra["reads"].Deserialize<StalledRead[]>() ?? [];
        row.Extra.Remove("reads");
        var givenUp = (await server.Child.AskAsync(ServerRole.Stalls)).Deserialize<Dictionary<int, long>>()!;
        foreach (var kind in reads.GroupBy(read => read.Kind))
        {
            row.Extra[kind.Key] = new JsonObject
            {
                ["callerFreeAfterSeconds"] = Latest(kind.Select(read => (read.Freed, read.Deadline))),
                ["givenUpAfterSeconds"] = Latest(kind.Select(read => (givenUp.TryGetValue(read.Id, out var at) ? at : (long?)null, read.Deadline))),
            };
        }
    }

    private static async Task<StalledRead> ReadAsync(HttpClient client, string version, string kind, int id)
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(Deadline * Stopwatch.Frequency);
        using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(Deadline + GiveUpAfterSeconds));
        try
        {
            await Kinds[kind](client, $"stalls/{id}", giveUp.Token);
        }
        catch (Exception)
        {
            // It has to end in an error; what matters is when.
        }

        return new StalledRead(id, $"{version} {kind}", deadline, giveUp.IsCancellationRequested ? null : Stopwatch.GetTimestamp());
    }

    /// <summary>Tells the latest end after a deadline, in seconds; "never" when one did not come.</summary>
    private static JsonValue Latest(IEnumerable<(long? End, long Deadline)> ends)
    {
        (long? End, long Deadline)[] all = [.. ends];
        return all.Any(end => end.End is null)
            ? JsonValue.Create("never")
            : JsonValue.Create(Math.Round(all.Max(end => (end.End!.Value - end.Deadline) / (double)Stopwatch.Frequency), 3));
    }
}
