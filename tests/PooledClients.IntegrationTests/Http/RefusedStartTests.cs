using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a client whose certificates would have no effect does not start.</summary>
public sealed class RefusedStartTests
{
    public static TheoryData<string, Action<IServiceCollection>, string> Foreign => new()
    {
        { "the client's own", services => Add(services).ConfigurePrimaryHttpMessageHandler(static () => new HttpClientHandler()), nameof(HttpClientHandler) },
        { "UseSocketsHttpHandler", services => Add(services).UseSocketsHttpHandler(), nameof(SocketsHttpHandler) },
        {
            "defaults before",
            services =>
            {
                services.ConfigureHttpClientDefaults(static defaults => defaults.ConfigurePrimaryHttpMessageHandler(static () => new HttpClientHandler()));
                Add(services);
            },
            nameof(HttpClientHandler)
        },
        {
            "defaults after",
            services =>
            {
                Add(services);
                services.ConfigureHttpClientDefaults(static defaults => defaults.UseSocketsHttpHandler());
            },
            nameof(SocketsHttpHandler)
        },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task Start_CertificatesAndAForeignHandler_IsRefused(string name, Action<IServiceCollection> add, string handler)
    {
        var failure = Assert.Single(await StartAsync(add));

        Assert.Contains("PooledClients:Http:api:Tls", failure, StringComparison.Ordinal);
        Assert.True(failure.Contains(handler, StringComparison.Ordinal), $"{name}: {failure}");
        Assert.Contains("ConfigurePooledHandler", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CertificatesAndClearText_IsRefused()
    {
        var failure = Assert.Single(await StartAsync(static services => services.AddPooledHttpClient("api", static options =>
        {
            options.BaseAddress = new Uri("http://localhost/?token=secret");
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        })));

        Assert.Contains("is clear text", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CertificatesAndClearTextAddressOfTheClientItself_IsRefused()
    {
        var failure = Assert.Single(await StartAsync(static services => Add(services).ConfigureHttpClient(static client => client.BaseAddress = new Uri("http://localhost/?token=secret"))));

        Assert.Contains("PooledClients:Http:api:Tls", failure, StringComparison.Ordinal);
        Assert.Contains("ConfigureHttpClient", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ForeignHandlerWithoutCertificates_Starts()
        => Assert.Empty(await StartAsync(static services => services.AddPooledHttpClient("api").UseSocketsHttpHandler()));

    private static IHttpClientBuilder Add(IServiceCollection services)
        => services.AddPooledHttpClient("api", static options => options.Tls.CaCertificatePem = TestAuthority.Shared.Pem);

    private static async Task<IReadOnlyList<string>> StartAsync(Action<IServiceCollection> add)
    {
        try
        {
            await using var clients = await ClientHost.StartAsync(log: null, add);
            await clients.StopAsync();
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return [.. exception.Failures];
        }
    }
}
