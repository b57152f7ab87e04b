using Grpc.Core.Interceptors;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RocksDb.V1;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>Every error at once, at start: none hides another, of the same client or of another.</summary>
public sealed class EveryErrorTests
{
    private const string Key = "PooledClients:Grpc:KeyValue";

    [Fact]
    public async Task Start_ErrorsOfSeveralClients_AreToldTogether()
    {
        var failures = await StartAsync(static services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("bad", options => options.Address = new Uri("ftp://host"));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host")).AddInterceptor<Unregistered>();
            services.AddPooledHttpClient("api", options => options.Deadline = TimeSpan.Zero);
            services.AddPooledHttpClient("other").AddHttpMessageHandler<UnregisteredHandler>();
        });

        Holds(failures, "PooledClients:Grpc:bad:Address", Key + ": ", "PooledClients:Http:api:Deadline", "PooledClients:Http:other: ");
    }

    [Theory]
    [InlineData("https://host", false)]
    [InlineData("https://host", true)]
    [InlineData("ftp://host", false)]
    public async Task Start_ErrorsOfOneGrpcClient_AreToldTogether(string address, bool isProcessBad)
    {
        var failures = await StartAsync(
            services =>
            {
                services.ConfigurePooledClients(options => options.DrainTimeout = TimeSpan.FromSeconds(isProcessBad ? -1 : 1));
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri(address))
                    .AddInterceptor<Unregistered>()
                    .AddHttpMessageHandler<UnregisteredHandler>()
                    .AddInterceptor<UnregisteredToo>(GrpcInterceptorScope.Client)
                    .ConfigureChannel(_ => throw new InvalidOperationException("own words"))
                    .ConfigureChannel(channel => channel.HttpVersion = new Version(1, 1))
                    .ConfigureChannel(channel => channel.ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } })
                    .ConfigureClient((provider, invoker) => new KeyValue.KeyValueClient(provider.GetRequiredService<Missing>() is null ? null : invoker))
                    .AddEndpointResolver(provider => provider.GetRequiredService<IEndpointResolver>());
            });

        List<string> expected =
        [
            nameof(Unregistered) + "'", nameof(UnregisteredHandler), nameof(UnregisteredToo), "own words", "HTTP/2 only", "Endpoints:Policy", nameof(Missing), nameof(IEndpointResolver),
        ];
        expected.AddRange(isProcessBad ? ["DrainTimeout"] : []);
        Holds(failures, [.. expected]);
    }

    [Theory]
    [InlineData("resolver", nameof(IEndpointResolver))]
    [InlineData("creator", nameof(Missing))]
    [InlineData("scoped creator", nameof(Missing))]
    public async Task Start_WhatAStubIsMadeWithIsNotRegistered_Fails(string part, string missing)
    {
        var failures = await StartAsync(services =>
        {
            var builder = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host"));
            _ = part switch
            {
                "resolver" => builder.AddEndpointResolver(provider => provider.GetRequiredService<IEndpointResolver>()),
                "creator" => builder.ConfigureClient((provider, invoker) => new KeyValue.KeyValueClient(provider.GetRequiredService<Missing>() is null ? null : invoker)),
                _ => builder.AsScoped().ConfigureClient((provider, invoker) => new KeyValue.KeyValueClient(provider.GetRequiredService<Missing>() is null ? null : invoker)),
            };
        });

        Holds(failures, missing);
    }

    [Fact]
    public async Task Start_ErrorsOfOneHttpClient_AreToldTogether()
    {
        var failures = await StartAsync(static services => services.AddPooledHttpClient("api")
            .AddHttpMessageHandler<UnregisteredHandler>()
            .AddHttpMessageHandler(_ => throw new InvalidOperationException("own words"))
            .ConfigureHttpClient(static (provider, _) => provider.GetRequiredService<Missing>()));

        Holds(failures, nameof(UnregisteredHandler), "own words", nameof(Missing));
        Assert.All(failures, static failure => Assert.StartsWith("PooledClients:Http:api: ", failure, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("CaCertificatePath", "/no/ca.pem", "ClientCertificatePath", "/no/tls.crt")]
    [InlineData("ReloadInterval", "00:00:00.1", "CaCertificatePath", "/no/ca.pem")]
    [InlineData("CaCertificatePath", "", "ClientKeyPath", "/no/tls.key")]
    [InlineData("ClientCertificatePath", "/no/tls.crt", "ClientKeyPath", "/no/tls.key")]
    public async Task Start_ErrorsOfCertificates_AreToldTogether(string one, string value, string other, string otherValue)
    {
        var settings = new Dictionary<string, string?>();
        foreach (var key in new[] { Key, "PooledClients:Http:api" })
        {
            settings[$"{key}:Tls:{one}"] = value;
            settings[$"{key}:Tls:{other}"] = otherValue;
        }

        var failures = await StartAsync(
            static services =>
            {
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host"));
                services.AddPooledHttpClient("api");
            },
            settings);

        Holds(failures, $"{Key}:Tls:{one}: ", $"{Key}:Tls:{other}: ", $"Http:api:Tls:{one}: ", $"Http:api:Tls:{other}: ");
    }

    [Fact]
    public async Task Start_NothingIsWrong_MakesWhatIsMadeOnceOnce()
    {
        var made = 0;
        var failures = await StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://host")).AddInterceptor(_ =>
            {
                made++;
                return new Unregistered();
            });
            services.AddPooledHttpClient("api").AddHttpMessageHandler(() =>
            {
                made++;
                return new UnregisteredHandler();
            });
        });

        Assert.Empty(failures);
        Assert.Equal(2, made);
    }

    private static void Holds(IReadOnlyList<string> failures, params string[] expected)
    {
        Assert.All(expected, text => Assert.Single(failures, failure => failure.Contains(text, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, failures.Count);
    }

    private static async Task<IReadOnlyList<string>> StartAsync(Action<IServiceCollection> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings ?? []);
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

    private sealed class Missing;

    private sealed class Unregistered : Interceptor;

    private sealed class UnregisteredToo : Interceptor;

    private sealed class UnregisteredHandler : DelegatingHandler;
}
