using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RocksDb.V1;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>What would fail at the first call fails the start, with everything else that is wrong.</summary>
public sealed class StartPreparationTests
{
    public static TheoryData<string, string> Mistakes => new()
    {
        { "interceptor", nameof(Unregistered) },
        { "client interceptor", nameof(Unregistered) },
        { "handler", nameof(UnregisteredHandler) },
        { "primary", nameof(UnregisteredHandler) },
        { "used handler", "register it as transient" },
        { "HttpHandler", "ConfigurePrimaryHttpMessageHandler" },
        { "balancing", "LoadBalancingConfigs" },
        { "HttpVersion", "HTTP/2 only" },
        { "clear text credentials", "UnsafeUseInsecureChannelCallCredentials" },
        { "throws", "own words" },
        { "insecure credentials", "Channel is configured" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Start_WithAMistakeInWhatTheApplicationAdds_Fails(string mistake, string expected)
    {
        using var used = new Used { InnerHandler = new HttpClientHandler() };
        var failures = await StartAsync(builder => _ = mistake switch
        {
            "interceptor" => builder.AddInterceptor<Unregistered>(),
            "client interceptor" => builder.AddInterceptor<Unregistered>(GrpcInterceptorScope.Client),
            "handler" => builder.AddHttpMessageHandler<UnregisteredHandler>(),
            "primary" => builder.ConfigurePrimaryHttpMessageHandler<UnregisteredHandler>(),
            "used handler" => builder.AddHttpMessageHandler(() => used),
            "HttpHandler" => builder.ConfigureChannel(channel => channel.HttpHandler = new HttpClientHandler()),
            "balancing" => builder.ConfigureChannel(channel => channel.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } }),
            "HttpVersion" => builder.ConfigureChannel(channel => channel.HttpVersion = new Version(1, 1)),
            "clear text credentials" => Clear(builder).AddCallCredentials((_, _) => Task.CompletedTask).ConfigureChannel(_ => { }),
            "insecure credentials" => builder.ConfigureChannel(channel => channel.Credentials = ChannelCredentials.Insecure),
            _ => builder.ConfigureChannel(_ => throw new InvalidOperationException("own words")),
        });

        var failure = Assert.Single(failures);
        Assert.StartsWith("PooledClients:Grpc:KeyValue: ", failure, StringComparison.Ordinal);
        Assert.Contains(expected, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithCredentialsOnClearTextThatAreMeant_Starts()
        => Assert.Empty(await StartAsync(builder => Clear(builder).AddCallCredentials((_, _) => Task.CompletedTask)
            .ConfigureChannel(channel => channel.UnsafeUseInsecureChannelCallCredentials = true)));

    [Fact]
    public async Task Start_WithABadAddressAndABadFile_TellsBoth()
    {
        var failures = await StartAsync(builder => builder.Services.Configure<PooledGrpcClientOptions>("KeyValue", options =>
        {
            options.Address = null;
            options.Tls.CaCertificatePath = "/no/such/file.pem";
        }));

        Assert.Equal(2, failures.Count);
        Assert.Contains(failures, static failure => failure.Contains("no address is set", StringComparison.Ordinal));
        Assert.Contains(failures, static failure => failure.Contains("/no/such/file.pem", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_WithTlsAndAPrimaryHandler_FailsForTlsWouldHaveNoEffect()
    {
        var failures = await StartAsync(builder => builder.ConfigurePrimaryHttpMessageHandler(() => new HttpClientHandler())
            .Services.Configure<PooledGrpcClientOptions>("KeyValue", options => options.Tls.CaCertificatePath = "/etc/ca.pem"));

        Assert.Contains("PooledClients:Grpc:KeyValue:Tls: certificates are set", Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithDefaultsOfAllHttpClients_SaysThatGrpcClientsTakeNone()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddFakeLogging();
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host"));
        builder.Services.ConfigureHttpClientDefaults(client =>
        {
            client.AddStandardResilienceHandler();
            client.ConfigureHttpClient(http => http.DefaultRequestHeaders.Add("tenant", "one"));
        });
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        var line = Assert.Single(host.Services.GetFakeLogCollector().GetSnapshot(), static record => record.Id.Id == 492).Message;
        Assert.Contains("ResilienceHandler", line, StringComparison.Ordinal);
        Assert.Contains("settings of the HttpClient", line, StringComparison.Ordinal);
        Assert.Contains("KeyValue", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300, 100, true)]
    [InlineData(-1, 100, true)]
    [InlineData(30, 100, false)]
    [InlineData(300, null, false)]
    [InlineData(null, 100, false)]
    public async Task Start_HttpClientTimeoutAboveTheDeadline_IsWarnedOf(int? timeout, int? deadline, bool isWarned)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddFakeLogging();
        builder.Services.AddPooledHttpClient("uploads", options => options.Deadline = deadline is { } seconds ? TimeSpan.FromSeconds(seconds) : null).ConfigureHttpClient(client =>
        {
            if (timeout is { } own)
            {
                client.Timeout = own < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(own);
            }
        });
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(isWarned, host.Services.GetFakeLogCollector().GetSnapshot().Any(static record => record.Id.Id == 493 && record.Message.Contains("uploads", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(false, null, false)]
    [InlineData(true, null, false)]
    [InlineData(false, 300, true)]
    public async Task Start_ResilienceHandlerLiftsTheTimeout_NobodyIsWarnedOfIt(bool isScoped, int? timeout, bool isWarned)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddFakeLogging();
        builder.Services.ConfigureHttpClientDefaults(static client => client.AddStandardResilienceHandler());
        var client = builder.Services.AddPooledHttpClient("uploads");
        _ = isScoped ? client.AsScoped() : client;
        if (timeout is { } own)
        {
            client.ConfigureHttpClient(client => client.Timeout = TimeSpan.FromSeconds(own));
        }

        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Contains(host.Services.GetFakeLogCollector().GetSnapshot(), static record => record.Id.Id == 205);
        Assert.Equal(isWarned, host.Services.GetFakeLogCollector().GetSnapshot().Any(static record => record.Id.Id == 493));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_DefaultsThatTouchThePrimaryHandlerAlone_AreToldToGrpcClients(bool isAdjusted)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddFakeLogging();
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host"));
        builder.Services.ConfigureHttpClientDefaults(client => _ = isAdjusted
            ? client.UseSocketsHttpHandler(static (handler, _) => handler.Proxy = new System.Net.WebProxy("http://proxy"))
            : client.ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler { UseProxy = false }));
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        var line = Assert.Single(host.Services.GetFakeLogCollector().GetSnapshot(), static record => record.Id.Id == 492).Message;
        Assert.Contains("primary handler", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_HandlerLifetimeIsSet_HasNoEffectAndIsWarnedOf(bool isSet)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddFakeLogging();
        var client = builder.Services.AddPooledHttpClient("uploads");
        if (isSet)
        {
            client.SetHandlerLifetime(TimeSpan.FromHours(1));
            builder.Services.PostConfigureAll<HttpClientFactoryOptions>(static options => options.HandlerLifetime = TimeSpan.FromHours(2));
        }

        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Timeout.InfiniteTimeSpan, host.Services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get("uploads").HandlerLifetime);
        Assert.Equal(isSet ? 1 : 0, host.Services.GetFakeLogCollector().GetSnapshot().Count(static record => record.Id.Id == 494 && record.Message.Contains("02:00:00", StringComparison.Ordinal)));
    }

    private static IPooledGrpcClientBuilder Clear(IPooledGrpcClientBuilder builder)
    {
        builder.Services.Configure<PooledGrpcClientOptions>("KeyValue", options => options.Address = new Uri("http://host"));
        return builder;
    }

    private static async Task<IReadOnlyList<string>> StartAsync(Action<IPooledGrpcClientBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        configure(builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host")));
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

    private sealed class Unregistered : Interceptor;

    private sealed class UnregisteredHandler : DelegatingHandler;

    private sealed class Used : DelegatingHandler;
}
