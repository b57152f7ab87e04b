using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>A pooled HTTP client's handlers are made once for all callers: nothing of one caller's scope gets into them.</summary>
public sealed class ScopedHttpTests
{
    public static TheoryData<string> Parts =>
    [
        "handler", "handler behind a transient", "handler of the container", "primary", "ConfigureHttpClient", "additional handlers", "builder", "suppressed scope", "defaults", "options",
    ];

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task Start_PartThatNeedsAScopedService_IsRefused(string part)
    {
        var failure = Assert.Single(await StartAsync(services => Add(services, part)));

        Assert.StartsWith("PooledClients:Http:api: ", failure, StringComparison.Ordinal);
        Assert.Contains(nameof(UserToken), failure, StringComparison.Ordinal);
        Assert.Contains("'api'", failure, StringComparison.Ordinal);
        Assert.Contains("IHttpContextAccessor", failure, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void Client_WithoutAHost_IsRefusedToo(string part)
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        Add(services, part);
        using var provider = services.BuildServiceProvider(validateScopes: false);
        using var scope = provider.CreateScope();

        var failure = Assert.Throws<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("api"));

        Assert.Contains(nameof(UserToken), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PlainClientWithScopedHandler_IsNoneOfOurBusiness()
        => Assert.Empty(await StartAsync(static services =>
        {
            services.AddPooledHttpClient("pooled");
            services.AddHttpClient("api").AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>()))
                .ConfigureHttpClient(static (provider, client) => client.DefaultRequestHeaders.Add("token", provider.GetRequiredService<UserToken>().Value));
        }));

    [Fact]
    public async Task Parts_ThatNeedSingletonsAndTransients_GetThem()
    {
        var services = new ServiceCollection().AddSingleton<UserToken>().AddTransient<TokenHandler>().AddTransient<Source>();
        services.AddPooledHttpClient("api").AddHttpMessageHandler<TokenHandler>().ConfigurePrimaryHttpMessageHandler(static () => new Echo())
            .ConfigureHttpClient(static (provider, client) => client.DefaultRequestHeaders.Add("own", provider.GetRequiredService<Source>().Token.Value));
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("api");

        Assert.Equal("own: ann, token: ann", await client.GetStringAsync(new Uri("http://server/"), TestContext.Current.CancellationToken));
    }

    private static void Add(IServiceCollection services, string part)
    {
        services.AddTransient<TokenHandler>().AddTransient(static provider => new Source(provider.GetRequiredService<UserToken>()));
        var builder = services.AddPooledHttpClient("api");
        _ = part switch
        {
            "handler" => builder.AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())),
            "handler behind a transient" => builder.AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<Source>().Token)),
            "handler of the container" => builder.AddHttpMessageHandler<TokenHandler>(),
            "primary" => builder.ConfigurePrimaryHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())),
            "ConfigureHttpClient" => builder.ConfigureHttpClient(static (provider, client) => client.DefaultRequestHeaders.Add("token", provider.GetRequiredService<UserToken>().Value)),
            "additional handlers" => builder.ConfigureAdditionalHttpMessageHandlers(static (handlers, provider) => handlers.Add(new TokenHandler(provider.GetRequiredService<UserToken>()))),
#pragma warning disable CS0618 // Obsolete there, and in use all the same.
            "builder" => builder.ConfigureHttpMessageHandlerBuilder(static handlers => handlers.AdditionalHandlers.Add(new TokenHandler(handlers.Services.GetRequiredService<UserToken>()))),
#pragma warning restore CS0618
            "suppressed scope" => Suppressed(builder).AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())),
            "defaults" => Defaults(builder),
            _ => Options(builder),
        };
    }

    private static IHttpClientBuilder Suppressed(IHttpClientBuilder builder)
    {
        builder.Services.Configure<Microsoft.Extensions.Http.HttpClientFactoryOptions>("api", static options => options.SuppressHandlerScope = true);
        return builder;
    }

    private static IHttpClientBuilder Defaults(IHttpClientBuilder builder)
    {
        builder.Services.ConfigureHttpClientDefaults(static all => all.AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())));
        return builder;
    }

    private static IHttpClientBuilder Options(IHttpClientBuilder builder)
    {
        builder.Services.AddOptions<Microsoft.Extensions.Http.HttpClientFactoryOptions>("api").Configure<IServiceProvider>(static (options, provider) =>
            options.HttpClientActions.Add(client => client.DefaultRequestHeaders.Add("token", provider.GetRequiredService<UserToken>().Value)));
        return builder;
    }

    private static async Task<IReadOnlyList<string>> StartAsync(Action<IServiceCollection> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddScoped<UserToken>();
        configure(builder.Services);
        using var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await host.StopAsync(TestContext.Current.CancellationToken);
            return [];
        }
        catch (OptionsValidationException exception)
        {
            return [.. exception.Failures];
        }
    }

    private sealed class UserToken
    {
        public string Value { get; set; } = "ann";
    }

    private sealed record Source(UserToken Token);

    private sealed class TokenHandler(UserToken token) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("token", token.Value);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Echo : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            RequestMessage = request,
            Content = new StringContent(string.Join(", ", request.Headers.Select(static header => $"{header.Key}: {header.Value.Single()}").Order(StringComparer.Ordinal))),
        });
    }
}
