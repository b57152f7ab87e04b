using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>A client of each scope under Aspire's service defaults: what finds its service is made once, and what is made for a scope ends with it.</summary>
public sealed class ScopedDiscoveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("keyed")]
    [InlineData("typed")]
    [InlineData("unnamed")]
    public async Task Clients_OfAThousandScopes_ShareOneHandlerOfDiscoveryAsThoseOfAFactoryDo(string kind)
    {
        var (plain, plainTimers) = await SendAsync(kind, isPooled: false);
        var (pooled, pooledTimers) = await SendAsync(kind, isPooled: true);

        Assert.Equal(1, plainTimers);
        Assert.Equal(1, pooledTimers);
        Assert.Equal([.. plain.Select(static seen => seen.Address)], pooled.Select(static seen => seen.Address));
        Assert.Equal([.. Enumerable.Range(0, 1000).Select(static user => $"{user}")], pooled.Select(static seen => seen.Token));
        Assert.All(pooled, static seen => Assert.Equal("https://10.0.0.1:444/apples", seen.Address));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_OfManyScopesAtATime_GoOnInTheirOwnPipelines(bool isSynchronous)
    {
        var seen = new ConcurrentQueue<(string Address, string Token)>();
        await using var provider = Build(new ServiceCollection(), "keyed", isPooled: true, seen, TimeProvider.System);

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), Token, async (user, token) =>
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = $"{user}";
            var client = scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("prices");
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("apples", UriKind.Relative));
            using var response = isSynchronous ? client.Send(request, token) : await client.SendAsync(request, token);
            Assert.Equal($"{user}", await response.Content.ReadAsStringAsync(token));
        });
        Assert.Equal(200, seen.Count);
    }

    [Fact]
    public async Task Handlers_OfAScope_AreMadeOnceForItAndDisposedOfWithIt()
    {
        var made = new ConcurrentQueue<Counted>();
        using var shared = new Echo(new());
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddPooledHttpClient<Typed>("prices").ConfigurePrimaryHttpMessageHandler(() => shared).AsScoped().AddHttpMessageHandler(() =>
        {
            var handler = new Counted();
            made.Enqueue(handler);
            return handler;
        });
        using var host = builder.Build();
        await host.StartAsync(Token);
        Assert.All(made, static handler => Assert.True(handler.IsDisposed));
        made.Clear();
        for (var i = 0; i < 3; i++)
        {
            await using var scope = host.Services.CreateAsyncScope();
            using (var first = scope.ServiceProvider.GetRequiredService<Typed>().Client)
            {
                await first.GetStringAsync(new Uri("http://server/"), Token);
            }

            using var second = scope.ServiceProvider.GetRequiredService<Typed>().Client;
            await second.GetStringAsync(new Uri("http://server/"), Token);
            Assert.Equal(i + 1, made.Count);
            Assert.False(made.Last().IsDisposed);
        }

        Assert.All(made, static handler => Assert.True(handler.IsDisposed));
        Assert.False(shared.IsDisposed);
        await host.StopAsync(Token);
    }

    private static async Task<(IReadOnlyList<(string Address, string Token)> Seen, int Timers)> SendAsync(string kind, bool isPooled)
    {
        var seen = new ConcurrentQueue<(string Address, string Token)>();
        using var time = new CountingTime();
        await using var provider = Build(new ServiceCollection(), kind, isPooled, seen, time);
        for (var user = 0; user < 1000; user++)
        {
            await using var scope = provider.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<UserToken>().Value = $"{user}";
            var client = kind switch
            {
                "keyed" => scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("prices"),
                "typed" => scope.ServiceProvider.GetRequiredService<Typed>().Client,
                _ => scope.ServiceProvider.GetRequiredService<HttpClient>(),
            };
            await client.GetStringAsync(new Uri("apples", UriKind.Relative), Token);
        }

        return ([.. seen], time.OfDiscovery);
    }

    private static ServiceProvider Build(IServiceCollection services, string kind, bool isPooled, ConcurrentQueue<(string Address, string Token)> seen, TimeProvider time)
    {
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Services:prices:https:0", "https://10.0.0.1:444")]).Build());
        services.AddSingleton(time).AddLogging().AddScoped<UserToken>();
        services.AddServiceDiscovery();
        services.ConfigureHttpClientDefaults(static client => client.AddServiceDiscovery());
        var name = kind == "unnamed" ? "" : "prices";
        var builder = (isPooled, kind) switch
        {
            (true, "keyed") => services.AddPooledHttpClient(name),
            (true, "typed") => services.AddPooledHttpClient<Typed>(name),
            (true, _) => services.AddPooledHttpClient(),
            (false, "typed") => services.AddHttpClient<Typed>(name),
            _ => services.AddHttpClient(name).AddAsKeyed(),
        };
        builder.ConfigureHttpClient(static client => client.BaseAddress = new Uri("https://prices/"))
            .AddHttpMessageHandler(provider => new TokenHandler(isPooled ? provider.GetRequiredService<UserToken>() : new UserToken()))
            .ConfigurePrimaryHttpMessageHandler(() => new Echo(seen));
        if (isPooled)
        {
            builder.AsScoped();
        }

        return services.BuildServiceProvider(validateScopes: true);
    }

    private sealed class UserToken
    {
        public string Value { get; set; } = "";
    }

    private sealed record Typed(HttpClient Client);

    private sealed class TokenHandler(UserToken token) : DelegatingHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("token", token.Value);
            return base.Send(request, cancellationToken);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("token", token.Value);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Counted : DelegatingHandler
    {
        public bool IsDisposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }

    private sealed class Echo(ConcurrentQueue<(string Address, string Token)> seen) : HttpMessageHandler
    {
        public bool IsDisposed { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Send(request, cancellationToken));

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var token = request.Headers.TryGetValues("token", out var tokens) ? tokens.Single() : "";
            seen.Enqueue((request.RequestUri!.AbsoluteUri, token));
            return new HttpResponseMessage { Content = new StringContent(token), RequestMessage = request };
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }

    /// <summary>The system's time, which knows of the timers that the handlers of service discovery have not ended.</summary>
    private sealed class CountingTime : TimeProvider, IDisposable
    {
        private readonly ConcurrentDictionary<Timer, bool> _timers = new();

        public int OfDiscovery => _timers.Values.Count(static isOfDiscovery => isOfDiscovery);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, base.CreateTimer(callback, state, dueTime, period));
            _timers[timer] = state?.GetType().Name == "HttpServiceEndpointResolver";
            return timer;
        }

        public void Dispose()
        {
            foreach (var timer in _timers.Keys)
            {
                timer.Dispose();
            }
        }

        private sealed class Timer(CountingTime time, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

            public void Dispose()
            {
                time._timers.TryRemove(this, out _);
                timer.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                time._timers.TryRemove(this, out _);
                return timer.DisposeAsync();
            }
        }
    }
}
