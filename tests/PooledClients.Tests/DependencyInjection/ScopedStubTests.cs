using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Tests.Grpc;
using RocksDb.V1;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>One user's token on another's call is a fault of security: each scope has its own, or nothing is sent at all.</summary>
public sealed class ScopedStubTests : IDisposable
{
    private readonly MemoryServer _server = new(MemoryServer.Ok(new GetResponse()));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CallCredentials_AsScoped_AreThoseOfEachScopeAsWithAddGrpcClient(bool isPooled)
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        if (isPooled)
        {
            AddClient(services).AsScoped().AddCallCredentials(AddToken);
        }
        else
        {
            services.AddGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://memory"))
                .ConfigurePrimaryHttpMessageHandler(() => _server)
                .AddCallCredentials(AddToken);
        }

        await using var provider = services.BuildServiceProvider();
        foreach (var user in new[] { "ann", "ben" })
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = user;
            await scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token);
        }

        Assert.Equal(["ann", "ben"], _server.Requests.Select(static request => request.Headers.GetValues("authorization").Single()));
    }

    [Fact]
    public async Task CallCredentials_OfManyScopesAtATime_AreNeverMixed()
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        AddClient(services).AsScoped().AddCallCredentials(async (context, metadata, provider) =>
        {
            await Task.Yield();
            await AddToken(context, metadata, provider);
        });
        await using var provider = services.BuildServiceProvider();

        await Parallel.ForEachAsync(Enumerable.Range(0, 500), Token, async (user, token) =>
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = $"{user}";
            await scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), new Metadata { { "user", $"{user}" } }, cancellationToken: token);
        });

        Assert.Equal(500, _server.Requests.Count);
        Assert.All(_server.Requests, static request => Assert.Equal(request.Headers.GetValues("user"), request.Headers.GetValues("authorization")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("named")]
    public async Task StubAndFactory_AsScoped_AreOnePerScopeOverOneChannel(string? name)
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        var builder = name is null ? AddClient(services) : services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name).ConfigurePrimaryHttpMessageHandler(() => _server);
        builder.AsScoped().AddInterceptor<TokenInterceptor>(GrpcInterceptorScope.Client);
        services.AddScoped<TokenInterceptor>();
        await using var provider = services.BuildServiceProvider();
        var stubs = new HashSet<object>();
        foreach (var user in new[] { "ann", "ben" })
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = user;
            var stub = name is null ? scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>() : scope.ServiceProvider.GetRequiredKeyedService<KeyValue.KeyValueClient>(name);
            var factory = name is null
                ? scope.ServiceProvider.GetRequiredService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>()
                : scope.ServiceProvider.GetRequiredKeyedService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>(name);
            stubs.Add(stub);
            stubs.Add(factory);
            await stub.GetAsync(new GetRequest(), cancellationToken: Token);
            await factory.CreateClient(TimeSpan.FromSeconds(5)).GetAsync(new GetRequest(), cancellationToken: Token);
        }

        Assert.Equal(4, stubs.Count);
        Assert.Equal(["ann", "ann", "ben", "ben"], _server.Requests.Select(static request => request.Headers.GetValues("authorization").Single()));
    }

    [Fact]
    public async Task ConfigureClient_AsScoped_GetsTheServicesOfTheScope()
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        services.AddPooledGrpcClient<Wrapper>().ConfigurePrimaryHttpMessageHandler(() => _server).AsScoped()
            .ConfigureClient((provider, _) => new Wrapper(provider.GetRequiredService<UserToken>()));
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();

        Assert.Same(scope.ServiceProvider.GetRequiredService<UserToken>(), scope.ServiceProvider.GetRequiredService<Wrapper>().Token);
    }

    public static TheoryData<string> Depths => ["itself", "a transient", "a transient's factory", "a factory behind a constructor", "a keyed transient", "all of them", "the provider"];

    [Theory]
    [MemberData(nameof(Depths))]
    public async Task CallCredentials_OfASingletonStubThatNeedAScopedService_AreRefusedHoweverDeep(string depth)
    {
        var services = new ServiceCollection().AddScoped<UserToken>();
        services.AddTransient<TokenSource>().AddTransient(typeof(ITokens), provider => new Tokens(provider.GetRequiredService<UserToken>()));
        services.AddTransient<TokensSource>().AddKeyedTransient<TokenSource>("key").AddTransient<ProviderSource>();
        AddClient(services).AddCallCredentials((context, metadata, provider) =>
        {
            object service = depth switch
            {
                "itself" => provider.GetRequiredService<UserToken>(),
                "a transient" => provider.GetRequiredService<TokenSource>(),
                "a transient's factory" => provider.GetRequiredService<ITokens>(),
                "a factory behind a constructor" => provider.GetRequiredService<TokensSource>(),
                "a keyed transient" => provider.GetRequiredKeyedService<TokenSource>("key"),
                "all of them" => provider.GetServices<UserToken>().ToList(),
                _ => provider.GetRequiredService<ProviderSource>().Token,
            };
            metadata.Add("authorization", service.ToString()!);
            return Task.CompletedTask;
        });
        await using var provider = services.BuildServiceProvider(validateScopes: false);
        await using var scope = provider.CreateAsyncScope();

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token));

        Assert.Contains("'KeyValue'", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(nameof(UserToken), failure.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("AsScoped()", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task CallCredentials_OfAScopedStubHeldByASingleton_AreRefused()
    {
        var services = new ServiceCollection().AddScoped<UserToken>().AddSingleton<Holder>();
        AddClient(services).AsScoped().AddCallCredentials(AddToken);
        await using var provider = services.BuildServiceProvider(validateScopes: false);
        await using var scope = provider.CreateAsyncScope();

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await scope.ServiceProvider.GetRequiredService<Holder>().Client.GetAsync(new GetRequest(), cancellationToken: Token));

        Assert.Contains(nameof(UserToken), failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("channel interceptor")]
    [InlineData("client interceptor")]
    [InlineData("message handler")]
    [InlineData("channel options")]
    [InlineData("creator")]
    public async Task Stub_WhosePartsNeedAScopedService_IsRefused(string part)
    {
        var services = new ServiceCollection().AddScoped<UserToken>().AddTransient<TokenInterceptor>().AddTransient<TokenHandler>();
        var builder = AddClient(services);
        _ = part switch
        {
            "channel interceptor" => builder.AddInterceptor<TokenInterceptor>(),
            "client interceptor" => builder.AddInterceptor<TokenInterceptor>(GrpcInterceptorScope.Client),
            "message handler" => builder.AddHttpMessageHandler<TokenHandler>(),
            "channel options" => builder.ConfigureChannel((provider, _) => provider.GetRequiredService<UserToken>()),
            _ => builder.ConfigureClient((provider, invoker) => new KeyValue.KeyValueClient(provider.GetRequiredService<UserToken>() is null ? null : invoker)),
        };
        await using var provider = services.BuildServiceProvider(validateScopes: false);

        var failure = Assert.Throws<InvalidOperationException>(provider.GetRequiredService<KeyValue.KeyValueClient>);

        Assert.Contains(nameof(UserToken), failure.Message, StringComparison.Ordinal);
        Assert.Contains("AsScoped()", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parts_ThatNeedSingletonsAndTransients_GetThemAsFromTheContainer()
    {
        var disposed = 0;
        var services = new ServiceCollection().AddSingleton<UserToken>().AddTransient<TokenInterceptor>();
        services.AddTransient(_ => new Disposed(() => disposed++)).AddTransient(typeof(IBox<>), typeof(Box<>));
        AddClient(services)
            .AddInterceptor<TokenInterceptor>()
            .ConfigureChannel((provider, _) =>
            {
                Assert.NotNull(provider.GetRequiredService<Disposed>());
                Assert.IsType<Box<int>>(provider.GetRequiredService<IBox<int>>());
                Assert.Null(provider.GetService<Wrapper>());
                Assert.NotNull(provider.GetRequiredService<IServiceScopeFactory>());
            });
        await using (var provider = services.BuildServiceProvider())
        {
            provider.GetRequiredService<UserToken>().Value = "all";
            await provider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token);
            Assert.Equal(0, disposed);
        }

        Assert.Equal(1, disposed);
        Assert.Equal("all", _server.Requests.Single().Headers.GetValues("authorization").Single());
    }

    private static Task AddToken(AuthInterceptorContext context, Metadata metadata, IServiceProvider services)
    {
        metadata.Add("authorization", services.GetRequiredService<UserToken>().Value);
        return Task.CompletedTask;
    }

    private IPooledGrpcClientBuilder AddClient(IServiceCollection services)
        => services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => _server);

    private interface ITokens;

    private interface IBox<T>;

    private sealed class Box<T> : IBox<T>;

    private sealed class UserToken
    {
        public string Value { get; set; } = "";
    }

    private sealed class Tokens(UserToken token) : ITokens
    {
        public override string ToString() => token.Value;
    }

    private sealed class TokenSource(UserToken token)
    {
        public override string ToString() => token.Value;
    }

    private sealed class TokensSource(ITokens tokens)
    {
        public override string ToString() => tokens.ToString()!;
    }

    private sealed class ProviderSource(IServiceProvider provider)
    {
        public UserToken Token => provider.GetRequiredService<UserToken>();
    }

    private sealed record Wrapper(UserToken Token);

    private sealed record Holder(KeyValue.KeyValueClient Client);

    private sealed class Disposed(Action onDispose) : IDisposable
    {
        public void Dispose() => onDispose();
    }

    private sealed class TokenHandler(UserToken token) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation("authorization", token.Value);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class TokenInterceptor(UserToken token) : Interceptor
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
            => continuation(
                request, new(context.Method, context.Host, context.Options.WithHeaders(new Metadata { { "authorization", token.Value } })));
    }
}
