using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The same mistake in every contender: responses are left open and forgotten.</summary>
internal sealed class HttpLeak() : HttpScenario("http-leak", "5,000 requests whose responses are read to their headers, never disposed, and forgotten, with 1,024 descriptors")
{
    protected override int Callers => 50;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildHttp();
        var repository = new LeakyRepository(clients);
        await load.RunCountAsync(load.Settings.Calls, repository.ReadStatusAsync);
        const string Method = $"{nameof(LeakyRepository)}.{nameof(LeakyRepository.ReadStatusAsync)}";
        return new
        {
            Collections = GC.CollectionCount(0),
            Warnings = clients.Log.Count,
            NamesTheMethod = clients.Log.FirstOrDefault(line => line.Contains(Method, StringComparison.Ordinal)) ?? "no",
        };
    }

    protected override TimeSpan Duration(BenchOptions options) => TimeSpan.FromSeconds(options.Count(120, 60));

    protected override int Count(BenchOptions options) => options.Count(5000, 1200);
}
