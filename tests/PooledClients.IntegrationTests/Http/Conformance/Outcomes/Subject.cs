using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>The client that a case runs over, and what owns it.</summary>
internal sealed class Subject(HttpClient client, Func<ValueTask> dispose) : IAsyncDisposable
{
    private const string Name = "subject";

    public HttpClient Client { get; } = client;

    public static Subject Create(Side side, ClientSettings settings, Uri address)
        => side == Side.Plain ? CreatePlain(settings, address) : CreatePooled(settings, address);

    /// <summary>Ends what owns the client: its handler, or its container.</summary>
    public ValueTask DisposeAsync() => dispose();

    private static Subject CreatePlain(ClientSettings settings, Uri address)
    {
        var defaults = new ConnectionOptions();
        var sockets = new SocketsHttpHandler
        {
            ConnectTimeout = defaults.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            UseCookies = false,
        };
        sockets.SslOptions.CertificateChainPolicy = TrustInTestAuthority();
        settings.Handler?.Invoke(sockets);
        HttpMessageHandler outermost = sockets;
        foreach (var create in settings.Handlers.Reverse())
        {
            var handler = create();
            handler.InnerHandler = outermost;
            outermost = handler;
        }

        var client = new HttpClient(outermost) { BaseAddress = address };
        Configure(client, settings);
        return new Subject(client, () =>
        {
            client.Dispose();
            return default;
        });
    }

    private static Subject CreatePooled(ClientSettings settings, Uri address)
    {
        var services = new ServiceCollection();
        var builder = services.AddPooledHttpClient(Name, options =>
        {
            options.BaseAddress = address;
            options.AutomaticDecompression = DecompressionMethods.None;
            if (address.Scheme == Uri.UriSchemeHttps)
            {
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            }

            if (!settings.Retries)
            {
                options.Resilience.Retry.Enabled = false;
            }

            settings.Pooled?.Invoke(options);
        });
        builder.ConfigureHttpClient(client => Configure(client, settings));
        if (settings.Handler is { } configure)
        {
            builder.ConfigurePooledHandler(configure);
        }

        foreach (var create in settings.Handlers)
        {
            builder.AddHttpMessageHandler(create);
        }

        var provider = services.BuildServiceProvider(validateScopes: true);
        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient(Name);
        return new Subject(client, provider.DisposeAsync);
    }

    private static void Configure(HttpClient client, ClientSettings settings)
    {
        client.DefaultRequestVersion = settings.Version;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        settings.Client?.Invoke(client);
    }

    private static X509ChainPolicy TrustInTestAuthority()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(TestAuthority.Shared.Certificate);
        return policy;
    }
}
