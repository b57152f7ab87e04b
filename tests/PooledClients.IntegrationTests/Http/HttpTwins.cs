using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>A pooled client and a plain one that trust the same and are otherwise as they come, to be asked the same.</summary>
internal sealed class HttpTwins : IAsyncDisposable
{
    private readonly HttpFixture _pooled;

    public HttpTwins(
        LogWatch log,
        Uri? address,
        string version = "1.1",
        Action<PooledHttpClientOptions>? configure = null,
        Action<SocketsHttpHandler>? handler = null)
    {
        _pooled = new HttpFixture(
            log,
            Version.Parse(version),
            address,
            options =>
            {
                if (address is null or { Scheme: "https" })
                {
                    options.Tls.CaCertificatePem = TestAuthority.Shared.Certificate.ExportCertificatePem();
                }

                configure?.Invoke(options);
            },
            handler is null ? null : builder => builder.ConfigurePooledHandler(handler));
        var plain = new SocketsHttpHandler { UseCookies = false };
        plain.SslOptions.CertificateChainPolicy = new System.Security.Cryptography.X509Certificates.X509ChainPolicy
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { TestAuthority.Shared.Certificate },
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        handler?.Invoke(plain);
        Plain = new HttpClient(plain)
        {
            BaseAddress = address,
            DefaultRequestVersion = Version.Parse(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    public HttpClient Plain { get; }

    public HttpClient Pooled => _pooled.Client;

    public HttpFixture Fixture => _pooled;

    /// <summary>A request of the version that the two speak: what is sent as a message does not take the client's.</summary>
    public HttpRequestMessage Request(HttpMethod method, string path)
        => new(method, path) { Version = Plain.DefaultRequestVersion, VersionPolicy = Plain.DefaultVersionPolicy };

    /// <summary>Has both do the same, and compares what comes of it: a result, or the types of the exceptions.</summary>
    public async Task<string> SameAsync(Func<HttpClient, Task<string>> act)
    {
        var plain = await OutcomeAsync(() => act(Plain));
        var pooled = await OutcomeAsync(() => act(Pooled));
        Assert.Equal(plain, pooled);
        return plain;
    }

    public async ValueTask DisposeAsync()
    {
        Plain.Dispose();
        await _pooled.DisposeAsync();
    }

    private static async Task<string> OutcomeAsync(Func<Task<string>> act)
    {
        try
        {
            return await act();
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            return exception.GetType().Name + (exception is HttpRequestException { HttpRequestError: var error } ? $" {error}" : "");
        }
    }
}
