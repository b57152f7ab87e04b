using System.Net.Http.Json;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The incident's second half: the status is all that is looked at, and the response is left open.</summary>
internal sealed class UndisposedResponse() : SharedHttpClient(
    "undisposed-response", "one HttpClient; each response is read to its headers, looked at, and never disposed")
{
    public override HttpClients Build(HttpClientSettings settings) => new LeakyClients(settings);

    private sealed class LeakyClients(HttpClientSettings settings) : Clients(settings)
    {
        public override async Task<int> TellAsync(UploadedFile file, CancellationToken cancellationToken)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "files") { Content = JsonContent.Create(file) };
            var response = await Take().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            return (int)response.StatusCode;
        }
    }
}
