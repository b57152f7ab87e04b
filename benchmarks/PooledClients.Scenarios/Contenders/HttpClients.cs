using System.Net.Http.Json;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The HTTP client of a contender in one process.</summary>
internal abstract class HttpClients : IAsyncDisposable
{
    /// <summary>Gives the client for one request.</summary>
    public abstract HttpClient Take();

    /// <summary>Gets what the library logged, for the contender that logs.</summary>
    public virtual IReadOnlyCollection<string> Log => [];

    /// <summary>Tells the API about a file as ordinary, careful code does.</summary>
    public virtual async Task<int> TellAsync(UploadedFile file, CancellationToken cancellationToken)
    {
        using var response = await Take().PostAsJsonAsync("files", file, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (int)response.StatusCode;
    }

    public abstract ValueTask DisposeAsync();
}
