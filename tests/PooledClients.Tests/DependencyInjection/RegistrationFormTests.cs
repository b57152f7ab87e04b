using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Tests.Grpc;
using RocksDb.V1;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>The forms of registration in which AddGrpcClient and AddHttpClient hand out services, or take what makes a client.</summary>
public sealed class RegistrationFormTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("replica")]
    public async Task AddPooledGrpcClient_OptionsByServices_AreSetAfterTheConfigurationAndBeforeWhatFollows(string? name)
    {
        var services = new ServiceCollection().AddSingleton(new Region("eu"));
        _ = name is null ? services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Set) : services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, Set);
        services.Configure<PooledGrpcClientOptions>(name ?? "KeyValue", static options => options.Deadline = TimeSpan.FromSeconds(2));
        await using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get(name ?? "KeyValue");

        Assert.Equal(new Uri("https://eu"), options.Address);
        Assert.Equal(TimeSpan.FromSeconds(2), options.Deadline);

        static void Set(IServiceProvider provider, PooledGrpcClientOptions options)
            => (options.Address, options.Deadline) = (new Uri($"https://{provider.GetRequiredService<Region>().Name}"), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task AddPooledGrpcClient_OptionsByADisposableTransient_EndItWithThem()
    {
        var reader = new Reader();
        var services = new ServiceCollection().AddTransient(_ => reader);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static (provider, options) => options.Address = provider.GetRequiredService<Reader>().Read());
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(new Uri("https://read"), provider.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get("KeyValue").Address);

        Assert.True(reader.IsDisposed);
    }

    public static TheoryData<string, string> HttpForms => new()
    {
        { "", "" }, { "named", "named" }, { "typed", nameof(Typed) }, { "typed, named", "named" }, { "of an interface", nameof(ITyped) }, { "of an interface, named", "named" },
    };

    [Theory]
    [MemberData(nameof(HttpForms))]
    public async Task AddPooledHttpClient_OptionsByServices_AreSet(string form, string name)
    {
        var services = new ServiceCollection().AddSingleton(new Region("eu"));
        _ = form switch
        {
            "" => services.AddPooledHttpClient(Set),
            "named" => services.AddPooledHttpClient("named", Set),
            "typed" => services.AddPooledHttpClient<Typed>(Set),
            "typed, named" => services.AddPooledHttpClient<Typed>("named", Set),
            "of an interface" => services.AddPooledHttpClient<ITyped, Typed>(Set),
            _ => services.AddPooledHttpClient<ITyped, Typed>("named", Set),
        };
        await using var provider = services.BuildServiceProvider();

        Assert.Equal(new Uri("https://eu"), provider.GetRequiredService<IOptionsMonitor<PooledHttpClientOptions>>().Get(name).BaseAddress);
        Assert.Equal(new Uri("https://eu"), provider.GetRequiredService<IHttpClientFactory>().CreateClient(name).BaseAddress);

        static void Set(IServiceProvider provider, PooledHttpClientOptions options) => options.BaseAddress = new Uri($"https://{provider.GetRequiredService<Region>().Name}");
    }

    [Fact]
    public void Options_ByAScopedService_AreRefused()
    {
        var services = new ServiceCollection().AddScoped(static _ => new Region("eu"));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static (provider, _) => provider.GetRequiredService<Region>());
        services.AddPooledHttpClient("files", static (provider, _) => provider.GetRequiredService<Region>());
        using var provider = services.BuildServiceProvider(validateScopes: false);

        Assert.Contains(nameof(Region), Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get("KeyValue")).Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Region), Assert.Throws<InvalidOperationException>(() => provider.GetRequiredService<IOptionsMonitor<PooledHttpClientOptions>>().Get("files")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("by its type")]
    [InlineData("by its type, with services")]
    [InlineData("by a name")]
    [InlineData("by a name, with services")]
    public async Task AddPooledHttpClient_ClientByAFactory_IsMadeAsAddHttpClientMakesIt(string form)
    {
        var services = new ServiceCollection().AddSingleton(new Region("eu"));
        _ = form switch
        {
            "by its type" => services.AddHttpClient<ITyped, Typed>(static client => new Typed(client)),
            "by its type, with services" => services.AddHttpClient<ITyped, Typed>(static (client, provider) => new Typed(client, provider.GetRequiredService<Region>())),
            "by a name" => services.AddHttpClient<ITyped, Typed>("named", static client => new Typed(client)),
            _ => services.AddHttpClient<ITyped, Typed>("named", static (client, provider) => new Typed(client, provider.GetRequiredService<Region>())),
        };
        _ = form switch
        {
            "by its type" => services.AddPooledHttpClient<IPooled, Pooled>(static client => new Pooled(client)),
            "by its type, with services" => services.AddPooledHttpClient<IPooled, Pooled>(static (client, provider) => new Pooled(client, provider.GetRequiredService<Region>())),
            "by a name" => services.AddPooledHttpClient<IPooled, Pooled>("pooled", static client => new Pooled(client)),
            _ => services.AddPooledHttpClient<IPooled, Pooled>("pooled", static (client, provider) => new Pooled(client, provider.GetRequiredService<Region>())),
        };
        services.Configure<PooledHttpClientOptions>(form.Contains("name", StringComparison.Ordinal) ? "pooled" : nameof(IPooled), static options => options.BaseAddress = new Uri("https://pooled"));
        await using var provider = services.BuildServiceProvider();

        var pooled = provider.GetRequiredService<IPooled>();

        Assert.Equal(provider.GetRequiredService<ITyped>().Region, pooled.Region);
        Assert.Equal(new Uri("https://pooled"), pooled.Client.BaseAddress);
    }

    [Fact]
    public async Task AddInterceptor_ByAFactoryWithoutServices_RunsInItsScope()
    {
        var made = new List<string>();
        var services = new ServiceCollection();
        using var server = new MemoryServer(MemoryServer.Ok(new GetResponse()));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => server)
            .AddInterceptor(() => Make("channel"))
            .AddInterceptor(GrpcInterceptorScope.Client, () => Make("client"));
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>();

        await factory.CreateClient().GetAsync(new GetRequest(), cancellationToken: Token);
        await factory.CreateClient().GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal(["channel", "client", "client"], made.Order());

        Interceptor Make(string scope)
        {
            made.Add(scope);
            return new Nothing();
        }
    }

    [Fact]
    public async Task CallCredentials_OfAStubForAllCallers_KeepNoTransientOfACall()
    {
        var services = new ServiceCollection().AddTransient<Tokens>();
        using var server = new MemoryServer(MemoryServer.Ok(new GetResponse()));
        var made = new List<Tokens>();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => server).AddCallCredentials(async (_, metadata, provider) =>
        {
            var tokens = provider.GetRequiredService<Tokens>();
            made.Add(tokens);
            await Task.Yield();
            Assert.False(tokens.IsDisposed);
            metadata.Add("authorization", "Bearer me");
        });
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<KeyValue.KeyValueClient>();

        for (var i = 0; i < 3; i++)
        {
            await client.GetAsync(new GetRequest(), cancellationToken: Token);
        }

        Assert.Equal(3, made.Count);
        Assert.All(made, static tokens => Assert.True(tokens.IsDisposed));
    }

    private sealed record Region(string Name);

    private interface ITyped
    {
        Region? Region { get; }
    }

    private sealed class Typed(HttpClient client, Region? region = null) : ITyped
    {
        public HttpClient Client => client;

        public Region? Region => region;
    }

    private interface IPooled
    {
        HttpClient Client { get; }

        Region? Region { get; }
    }

    private sealed class Pooled(HttpClient client, Region? region = null) : IPooled
    {
        public HttpClient Client => client;

        public Region? Region => region;
    }

    private sealed class Nothing : Interceptor;

    private sealed class Tokens : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Reader : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public Uri Read() => IsDisposed ? throw new ObjectDisposedException(nameof(Reader)) : new Uri("https://read");

        public void Dispose() => IsDisposed = true;
    }
}
