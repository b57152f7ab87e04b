using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Http;

/// <summary>A typed client that was added under a name.</summary>
/// <param name="Name">The client's name.</param>
/// <param name="MakeScoped">Has it get the client of its scope.</param>
internal sealed record TypedHttpClient(string Name, Action<IServiceCollection> MakeScoped);
