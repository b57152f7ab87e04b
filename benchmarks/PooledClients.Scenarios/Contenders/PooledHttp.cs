using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library's HTTP clients.</summary>
internal sealed class PooledHttp() : HttpContender("pooled", "this library: AddPooledHttpClient, a client created for each request")
{
    public override HttpClients Build(HttpClientSettings settings) => throw new NotSupportedException("The library has no HTTP client yet.");
}
