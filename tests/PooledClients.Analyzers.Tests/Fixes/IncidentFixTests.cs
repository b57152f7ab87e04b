using PooledClients.Analyzers.Channels;
using PooledClients.Analyzers.CodeFixes;
using PooledClients.Analyzers.Http;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Fixes;

/// <summary>The incident as it was written, after its fixes.</summary>
public sealed class IncidentFixTests
{
    [Fact]
    public Task DialPerCall_ClientIsInjected() => FixVerifier<ChannelPerCallAnalyzer, InjectClientFix>.FileAsync(
        """
        internal sealed class DialPerCall(string address, string caPath)
        {
            public async Task<GetResponse> GetAsync(GetRequest request)
            {
                var roots = new X509Certificate2Collection();
                roots.ImportFromPemFile(caPath);
                using var channel = [|GrpcChannel.ForAddress(address, new GrpcChannelOptions
                {
                    HttpHandler = new SocketsHttpHandler(),
                    DisposeHttpClient = true,
                })|];
                return await new KeyValue.KeyValueClient(channel).GetAsync(request);
            }
        }
        """,
        """
        internal sealed class DialPerCall(string address, string caPath, KeyValue.KeyValueClient keyValueClient)
        {
            public async Task<GetResponse> GetAsync(GetRequest request)
            {
                var roots = new X509Certificate2Collection();
                roots.ImportFromPemFile(caPath);
                return await keyValueClient.GetAsync(request);
            }
        }
        """);

    [Fact]
    public Task CachedCertificate_ClientIsInjected() => FixVerifier<ChannelPerCallAnalyzer, InjectClientFix>.FileAsync(
        """
        internal sealed class CachedCertificate
        {
            private readonly string _address;

            public CachedCertificate(string address)
            {
                _address = address;
            }

            public async Task<GetResponse> GetAsync(GetRequest request)
            {
                var channel = [|GrpcChannel.ForAddress(_address)|];
                try
                {
                    var client = new KeyValue.KeyValueClient(channel);
                    return await client.GetAsync(request);
                }
                finally
                {
                    channel.Dispose();
                }
            }
        }
        """,
        """
        internal sealed class CachedCertificate
        {
            private readonly KeyValue.KeyValueClient _keyValueClient;
            private readonly string _address;

            public CachedCertificate(string address, KeyValue.KeyValueClient keyValueClient)
            {
                _address = address;
                _keyValueClient = keyValueClient;
            }

            public async Task<GetResponse> GetAsync(GetRequest request)
            {
                try
                {
                    var client = _keyValueClient;
                    return await client.GetAsync(request);
                }
                finally
                {
                }
            }
        }
        """);

    [Fact]
    public Task Uploads_FactoryIsInjected() => FixVerifier<HttpClientPerCallAnalyzer, InjectHttpClientFix>.FileAsync(
        """
        internal sealed class Uploads
        {
            public async Task<int> TellAsync(string uri)
            {
                var http = [|new HttpClient()|];
                using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead);
                return (int)response.StatusCode;
            }
        }
        """,
        """
        internal sealed class Uploads
        {
            private readonly IHttpClientFactory _httpClientFactory;

            public Uploads(IHttpClientFactory httpClientFactory)
            {
                _httpClientFactory = httpClientFactory;
            }

            public async Task<int> TellAsync(string uri)
            {
                var http = _httpClientFactory.CreateClient(string.Empty);
                using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead);
                return (int)response.StatusCode;
            }
        }
        """);
}
