using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Code with a mistake: it looks at the status, and forgets the response.</summary>
internal sealed class LeakyRepository(HttpClients clients)
{
    public async Task<int> ReadStatusAsync(int id, CancellationToken cancellationToken)
    {
        var response = await clients.Take().GetAsync($"records/{id}", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return (int)response.StatusCode;
    }
}
