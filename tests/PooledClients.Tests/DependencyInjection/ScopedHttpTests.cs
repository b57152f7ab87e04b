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

    public static TheoryData<string, string> Scoped
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var part in Parts.Select(static row => row.Data))
            {
                if (part is not "primary")
                {
                    cases.Add(part, "keyed");
                    cases.Add(part, "typed");
                    cases.Add(part, "unnamed");
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Scoped))]
    public async Task Client_AsScoped_HasWhatIsItsScopes(string part, string kind)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var services = builder.Services.AddScoped<UserToken>();
        var client = kind switch
        {
            "keyed" => services.AddPooledHttpClient("api"),
            "typed" => services.AddPooledHttpClient<Typed>("api"),
            _ => services.AddPooledHttpClient(),
        };
        Configure(client.ConfigurePrimaryHttpMessageHandler(static () => new Echo()).AsScoped(), part);
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        foreach (var user in new[] { "ben", "eve" })
        {
            await using var scope = host.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = user;
            using var own = kind switch
            {
                "keyed" => scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("api"),
                "typed" => scope.ServiceProvider.GetRequiredService<Typed>().Client,
                _ => scope.ServiceProvider.GetRequiredService<HttpClient>(),
            };
            Assert.Equal($"token: {user}", await own.GetStringAsync(new Uri("http://server/"), TestContext.Current.CancellationToken));
        }

        // One that belongs to no scope has no scope's token.
        var failure = Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IHttpClientFactory>().CreateClient(client.Name));
        Assert.Contains("AsScoped()", failure.Message, StringComparison.Ordinal);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Clients_OfManyScopesAtATime_AreNeverMixed()
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        services.AddPooledHttpClient("api").AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>()))
            .ConfigurePrimaryHttpMessageHandler(static () => new Echo()).AsScoped();
        await using var provider = services.BuildServiceProvider(validateScopes: true);

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), TestContext.Current.CancellationToken, async (user, token) =>
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = $"{user}";
            Assert.Equal($"token: {user}", await scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("api").GetStringAsync(new Uri("http://server/"), token));
        });
    }

    [Theory]
    [InlineData("typed")]
    [InlineData("keyed")]
    [InlineData("unnamed")]
    public async Task Client_AsScopedHeldByASingleton_IsRefused(string kind)
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        var client = kind switch
        {
            "typed" => services.AddPooledHttpClient<Typed>("api"),
            "keyed" => services.AddPooledHttpClient("api"),
            _ => services.AddPooledHttpClient(),
        };
        client.AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())).AsScoped();
        services.AddSingleton(provider => new Holder(kind switch
        {
            "typed" => provider.GetRequiredService<Typed>().Client,
            "keyed" => provider.GetRequiredKeyedService<HttpClient>("api"),
            _ => provider.GetRequiredService<HttpClient>(),
        }));
        await using var provider = services.BuildServiceProvider(validateScopes: false);
        await using var scope = provider.CreateAsyncScope();

        var failure = Assert.Throws<InvalidOperationException>(scope.ServiceProvider.GetRequiredService<Holder>);

        Assert.Contains(nameof(UserToken), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ScopedServiceThatIsDisposedAsynchronouslyAlone_Starts()
        => Assert.Empty(await StartAsync(static services => services.AddScoped<AsyncOnly>().AddPooledHttpClient("api").AsScoped().AddHttpMessageHandler(static provider =>
        {
            provider.GetRequiredService<AsyncOnly>();
            return new TokenHandler(provider.GetRequiredService<UserToken>());
        })));

    [Fact]
    public void AsScoped_OfAPlainClient_SaysWhatToAdd()
        => Assert.Contains("AddPooledHttpClient", Assert.Throws<InvalidOperationException>(static () => new ServiceCollection().AddHttpClient("api").AsScoped()).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Start_AsScopedWithAHandlerThatIsNotRegistered_IsRefused()
        => Assert.Contains(nameof(TokenHandler), Assert.Single(await StartAsync(static services => services.AddPooledHttpClient("api").AsScoped().AddHttpMessageHandler<TokenHandler>())), StringComparison.Ordinal);

    public static TheoryData<string> Primaries => ["sockets", "client", "within another", "UseSocketsHttpHandler", "defaults"];

    [Theory]
    [MemberData(nameof(Primaries))]
    public async Task Start_AsScopedWithConnectionsOfEachScopesOwn_IsRefused(string primary)
    {
        var failure = Assert.Single(await StartAsync(services => AddPrimary(services, primary)));

        Assert.StartsWith("PooledClients:Http:api: ", failure, StringComparison.Ordinal);
        Assert.Contains("ConfigurePooledHandler", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_AsScopedWithConnectionsOfEachScopesOwn_IsRefusedFromTheSecondOnWithoutAHost()
    {
        var services = new ServiceCollection();
        AddPrimary(services, "sockets");
        await using var provider = services.BuildServiceProvider(validateScopes: true);
        await using var first = provider.CreateAsyncScope();
        await using var second = provider.CreateAsyncScope();
        first.ServiceProvider.GetRequiredKeyedService<HttpClient>("api");

        var failure = Assert.Throws<InvalidOperationException>(() => second.ServiceProvider.GetRequiredKeyedService<HttpClient>("api"));

        Assert.Contains("AsScoped()", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AsScopedWithOneHandlerForAllScopes_Starts()
    {
        using var shared = new SocketsHttpHandler();
        Assert.Empty(await StartAsync(services => services.AddPooledHttpClient("api").ConfigurePrimaryHttpMessageHandler(() => shared).AsScoped()));
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

    private static void AddPrimary(IServiceCollection services, string primary)
    {
        var builder = services.AddPooledHttpClient("api").AsScoped();
        _ = primary switch
        {
            "sockets" => builder.ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler()),
            "client" => builder.ConfigurePrimaryHttpMessageHandler(static () => new HttpClientHandler()),
            "within another" => builder.ConfigurePrimaryHttpMessageHandler(static () => new TokenHandler(new UserToken()) { InnerHandler = new SocketsHttpHandler() }),
            "UseSocketsHttpHandler" => builder.UseSocketsHttpHandler(static (_, _) => { }),
            _ => builder,
        };
        if (primary == "defaults")
        {
            services.ConfigureHttpClientDefaults(static all => all.ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler()));
        }
    }

    private static void Add(IServiceCollection services, string part) => Configure(services.AddPooledHttpClient("api"), part);

    private static void Configure(IHttpClientBuilder builder, string part)
    {
        builder.Services.AddTransient<TokenHandler>().AddTransient(static provider => new Source(provider.GetRequiredService<UserToken>()));
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
        builder.Services.Configure<Microsoft.Extensions.Http.HttpClientFactoryOptions>(builder.Name, static options => options.SuppressHandlerScope = true);
        return builder;
    }

    private static IHttpClientBuilder Defaults(IHttpClientBuilder builder)
    {
        builder.Services.ConfigureHttpClientDefaults(static all => all.AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>())));
        return builder;
    }

    private static IHttpClientBuilder Options(IHttpClientBuilder builder)
    {
        builder.Services.AddOptions<Microsoft.Extensions.Http.HttpClientFactoryOptions>(builder.Name).Configure<IServiceProvider>(static (options, provider) =>
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

    private sealed record Typed(HttpClient Client);

    private sealed record Holder(HttpClient Client);

    private sealed class AsyncOnly : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
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
