using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>A client is that of its scope whatever is registered after <c>AsScoped</c>, by the same module or another.</summary>
public sealed class ScopedHttpRegistrationTests
{
    public static TheoryData<string> Later => ["again", "typed", "typed of an interface", "typed by a factory", "typed by a factory with services", "an interface alone by a factory", "AsScoped again"];

    [Theory]
    [MemberData(nameof(Later))]
    public async Task Client_AddedAgainAfterAsScoped_IsThatOfItsScope(string later)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var services = builder.Services.AddScoped<UserToken>();
        services.AddPooledHttpClient("files").ConfigurePrimaryHttpMessageHandler(static () => new Echo()).AsScoped()
            .AddHttpMessageHandler(static provider => new TokenHandler(provider.GetRequiredService<UserToken>()));
        _ = later switch
        {
            "again" => services.AddPooledHttpClient("files", static options => options.Deadline = TimeSpan.FromSeconds(9)),
            "typed" => services.AddPooledHttpClient<Files>("files"),
            "typed of an interface" => services.AddPooledHttpClient<IFiles, Files>("files"),
            "typed by a factory" => services.AddPooledHttpClient<IFiles, Files>("files", static client => new Files(client)),
            "typed by a factory with services" => services.AddPooledHttpClient<IFiles, Files>("files", static (client, provider) =>
            {
                provider.GetRequiredService<UserToken>();
                return new Files(client);
            }),
            "an interface alone by a factory" => services.AddPooledHttpClient<IFiles, IFiles>("files", static client => new Files(client)),
            _ => services.AddPooledHttpClient("files").AsScoped(),
        };
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        foreach (var user in new[] { "ben", "eve" })
        {
            await using var scope = host.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = user;
            HttpClient?[] clients =
            [
                scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("files"),
                scope.ServiceProvider.GetService<Files>()?.Client,
                scope.ServiceProvider.GetService<IFiles>()?.Client,
            ];
            Assert.Equal(later.EndsWith("again", StringComparison.Ordinal) ? 1 : 2, clients.Count(static client => client is not null));
            foreach (var client in clients.OfType<HttpClient>())
            {
                Assert.Equal(user, await client.GetStringAsync(new Uri("http://server/"), TestContext.Current.CancellationToken));
            }
        }

        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(ServiceLifetime.Scoped)]
    [InlineData(ServiceLifetime.Singleton)]
    public async Task Start_AddAsKeyedAfterAsScoped_IsRefused(ServiceLifetime lifetime)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddPooledHttpClient("files").AsScoped().AddAsKeyed(lifetime);
        using var host = builder.Build();

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            "PooledClients:Http:files: AddAsKeyed after AsScoped takes its place, and the keyed HttpClient belongs to no scope again; leave AddAsKeyed out: AsScoped makes the client a keyed one.",
            Assert.Single(failure.Failures));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_UnnamedClientWhoseKeyedOneIsTheFactorys_IsTakenAsItIs(bool byDefaults)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (byDefaults)
        {
            builder.Services.ConfigureHttpClientDefaults(static client => client.AddAsKeyed());
            builder.Services.AddPooledHttpClient().AsScoped();
        }
        else
        {
            builder.Services.AddPooledHttpClient().AddAsKeyed().AsScoped();
        }

        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Client_AddedOnceMore_LeavesTheTypesOfOthersInTheirPlace()
    {
        var services = new ServiceCollection();
        services.AddPooledHttpClient<Files>("a").ConfigureHttpClient(static client => client.BaseAddress = new Uri("http://a")).AsScoped();
        services.AddPooledHttpClient<Files>("b").ConfigureHttpClient(static client => client.BaseAddress = new Uri("http://b")).AsScoped();
        services.AddPooledHttpClient("a", static options => options.Deadline = TimeSpan.FromSeconds(5));
        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();

        Assert.Equal(new Uri("http://b"), scope.ServiceProvider.GetRequiredService<Files>().Client.BaseAddress);
    }

    [Fact]
    public void Client_AddedOnceMore_LeavesWhatTookATypesPlaceThere()
    {
        using var own = new HttpClient();
        var services = new ServiceCollection();
        services.AddPooledHttpClient<IFiles, Files>("files").AsScoped();
        services.AddTransient<IFiles>(_ => new Files(own));
        services.AddPooledHttpClient("files", static options => options.Deadline = TimeSpan.FromSeconds(5));
        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();

        Assert.Same(own, scope.ServiceProvider.GetRequiredService<IFiles>().Client);
    }

    [Fact]
    public async Task Start_KeyedClientOfATestsOwnAfterAsScoped_IsTakenAsItIs()
    {
        using var own = new HttpClient();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddPooledHttpClient("files").AsScoped();
        builder.Services.AddKeyedSingleton("files", (_, _) => own);
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Same(own, host.Services.GetRequiredKeyedService<HttpClient>("files"));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private interface IFiles
    {
        HttpClient Client { get; }
    }

    private sealed record Files(HttpClient Client) : IFiles;

    private sealed class UserToken
    {
        public string Value { get; set; } = "";
    }

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
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            => Task.FromResult(new HttpResponseMessage { Content = new StringContent(request.Headers.GetValues("token").Single()), RequestMessage = request });
    }
}
