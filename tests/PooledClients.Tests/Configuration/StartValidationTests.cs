using Files.V1;
using Grpc.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RocksDb.V1;

namespace PooledClients.Tests.Configuration;

public sealed class StartValidationTests
{
    private const string Key = "PooledClients:Grpc:KeyValue:";

    [Theory]
    [InlineData(null, "no address is set")]
    [InlineData("search/path", "is relative")]
    [InlineData("ftp://host/", "scheme 'ftp'")]
    [InlineData("/search", "is relative")]
    [InlineData("localhost:5000", "did you mean https://localhost:5000?")]
    [InlineData("api.internal", "did you mean https://api.internal?")]
    [InlineData("api.internal:8080/x", "did you mean https://api.internal:8080?")]
    [InlineData("10.0.0.1:8080", "did you mean https://10.0.0.1:8080?")]
    [InlineData("https://host/path", "has a path")]
    [InlineData("https://user:secret@host", "user name or password")]
    [InlineData("unix:", "names no absolute socket path")]
    [InlineData("unix:relative.sock", "names no absolute socket path")]
    public async Task Start_BadAddress_NamesTheKeyAndTheWayOut(string? address, string expected)
    {
        var failures = await StartAsync(new() { [Key + "Address"] = address, [Key + "WaitForReady"] = "true" });

        var failure = Assert.Single(failures);
        Assert.StartsWith(Key + "Address: ", failure, StringComparison.Ordinal);
        Assert.Contains(expected, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("svc:pw@host:9101", "'host:9101' has a user name or password in it")]
    [InlineData("grpcs://svc:pw@host", "'grpcs://host' has a user name or password in it")]
    [InlineData("https://svc:pw@host", "'https://host' has a user name or password in it")]
    [InlineData("https://svc:pw@host:99999", "'https://host:99999'")]
    [InlineData("https://svc:p/w@host", "(not shown)")]
    [InlineData("ftp://host/a?token=pw", "'ftp://host'")]
    [InlineData("grpcs://host/pw", "'grpcs://host' has the scheme")]
    [InlineData("//svc:pw@host", "user name or password")]
    public async Task Start_AddressWithASecret_PrintsItForNeitherKindOfClient(string address, string expected)
    {
        foreach (var key in new[] { Key + "Address", "PooledClients:Http:Default:BaseAddress" })
        {
            var failures = await StartAsync(new() { [Key + "Address"] = "https://good", [key] = address }, static services => services.AddPooledHttpClient());

            Assert.Contains(failures, failure => failure.StartsWith(key + ": ", StringComparison.Ordinal) && failure.Contains(expected, StringComparison.Ordinal));
            Assert.All(failures, static failure => Assert.DoesNotContain("pw", failure, StringComparison.Ordinal));
            Assert.All(failures, static failure => Assert.DoesNotContain("svc", failure, StringComparison.Ordinal));
        }
    }

    // Whoever resolves it, and whichever option it stands in.
    [Theory]
    [InlineData("Address", "https+http://svc:pw@name", "None", "'https+http://name' has a user name or password in it")]
    [InlineData("Address", "https+http://name/?token=pw", "None", "'https+http://name' has a path or query")]
    [InlineData("Address", "dns:///svc:pw@name:443", "None", "user name or password")]
    [InlineData("Address", "dns:///name:443?token=pw", "None", "'dns:///name:443' has a path or query")]
    [InlineData("Address", "dns:///name:443/pw", "None", "'dns:///name:443' has a path or query")]
    [InlineData("Address", "https://svc:pw@name", "Dns", "'https://name' has a user name or password in it")]
    [InlineData("Address", "https://name/?token=pw", "Dns", "'https://name' has a path or query")]
    [InlineData("Address", "https://svc:pw@name", "Static", "'https://name' has a user name or password in it")]
    [InlineData("Endpoints:Addresses:0", "https://svc:pw@10.0.0.1", "Static", "'https://10.0.0.1' is no host:port")]
    [InlineData("Endpoints:Addresses:0", "svc:pw@10.0.0.1", "Static", "'10.0.0.1' is no host:port")]
    [InlineData("Endpoints:Addresses:0", "10.0.0.1:9101?token=pw", "Static", "'10.0.0.1:9101' is no host:port")]
    public async Task Start_ResolvedAddressWithASecret_IsRefusedAndDoesNotPrintIt(string property, string value, string resolver, string expected)
    {
        var settings = new Dictionary<string, string?>
        {
            [Key + "Address"] = "https://good",
            [Key + "Endpoints:Resolver"] = resolver,
            [Key + "Endpoints:Addresses:0"] = resolver == "Static" ? "10.0.0.1:9101" : null,
        };
        settings[Key + property] = value;
        if (resolver != "Static")
        {
            settings.Remove(Key + "Endpoints:Addresses:0");
        }

        var failures = await StartAsync(settings);

        Assert.Contains(failures, failure => failure.StartsWith(Key, StringComparison.Ordinal) && failure.Contains(expected, StringComparison.Ordinal));
        Assert.All(failures, static failure => Assert.DoesNotContain("pw", failure, StringComparison.Ordinal));
        Assert.All(failures, static failure => Assert.DoesNotContain("svc", failure, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_DiscoveredBaseAddressWithASecret_IsRefusedAndDoesNotPrintIt()
    {
        const string Http = "PooledClients:Http:Default:BaseAddress";
        var failures = await StartAsync(
            new() { [Key + "Address"] = "https://good", [Http] = "https+http://svc:pw@name/path" }, static services => services.AddPooledHttpClient());

        Assert.Contains(failures, static failure => failure.StartsWith(Http + ": ", StringComparison.Ordinal) && failure.Contains("user name or password", StringComparison.Ordinal));
        Assert.All(failures, static failure => Assert.DoesNotContain("pw", failure, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_AddressWithATokenInItsQuery_DoesNotPrintIt()
    {
        var failure = Assert.Single(await StartAsync(new() { [Key + "Address"] = "https://host/?token=pw" }));

        Assert.Contains("'https://host' has a path or query", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("pw", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AddressAsAnotherValue_DoesNotPrintItsSecret()
    {
        var failure = Assert.Single(await StartAsync(new() { [Key + "Address"] = "https://good", [Key + "Deadline"] = "https://svc:pw@host/" }));

        Assert.Contains("'https://host' does not parse", failure, StringComparison.Ordinal);
        Assert.DoesNotContain("pw", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://host")]
    [InlineData("http://127.0.0.1:5000")]
    [InlineData("http://[::1]:5000")]
    [InlineData("unix:/run/service.sock")]
    public async Task Start_GoodAddress_Starts(string address) => Assert.Empty(await StartAsync(new() { [Key + "Address"] = address }));

    [Theory]
    [InlineData("Deadline", "-00:00:05", "is not positive")]
    [InlineData("Deadline", "00:00:00", "is not positive")]
    [InlineData("Deadline", "30", "a bare number means days")]
    [InlineData("StreamingDeadline", "2.00:00:00", "a bare number means days")]
    [InlineData("MaxReceiveMessageSize", "0", "is not positive")]
    [InlineData("Connection:ConnectTimeout", "00:00:00", "is not positive")]
    [InlineData("Connection:Lifetime", "-00:01:00", "is not positive")]
    [InlineData("Connection:DeadPeerTimeout", "00:00:00.5", "is less than")]
    [InlineData("Connection:MaxConnections", "0", "is not positive")]
    [InlineData("Tls:ReloadInterval", "00:00:00.1", "is less than")]
    [InlineData("Tls:CaCertificatePath", "/no/such/file.pem", "/no/such/file.pem")]
    [InlineData("Tls:CaCertificatePem", "", "CaCertificatePem")]
    [InlineData("Tls:CaCertificatePath", "", "is no path")]
    [InlineData("Tls:ClientCertificatePath", " ", "is no path")]
    [InlineData("Methods:/rocksdb.v1.KeyValue/Get:Deadline", "00:00:01", "write Get, or")]
    [InlineData("Methods:rocksdb.KeyValue/Get:Deadline", "00:00:01", "write Get, or rocksdb.v1.KeyValue/Get.")]
    [InlineData("Methods:KeyValue/Get:Deadline", "00:00:01", "write Get, or rocksdb.v1.KeyValue/Get.")]
    [InlineData("Methods:Gett:Deadline", "00:00:01", "has no method 'Gett'; it has Delete, Exchange, Get, Load, Put, Scan")]
    [InlineData("Methods:Get:Deadline", "-00:00:01", "is not positive")]
    [InlineData("Resilience:Retry:MaxAttempts", "0", "is not between 1")]
    [InlineData("Resilience:Retry:Delay", "00:00:00", "is not positive")]
    [InlineData("Resilience:RetryBudget:Ratio", "-1", "is no share")]
    [InlineData("Resilience:RetryBudget:PerSecond", "-1", "is no number of attempts")]
    [InlineData("Resilience:Breaker:FailureRatio", "2", "is no share")]
    [InlineData("Resilience:Breaker:MinimumThroughput", "1", "is less than 2")]
    [InlineData("Resilience:Breaker:BreakDuration", "00:00:00.1", "is less than")]
    [InlineData("Resilience:Hedging:MaxAttempts", "1", "is not between 2")]
    [InlineData("Resilience:Hedging:MaxAttempts", "12", "is not between 2 and 11")]
    [InlineData("ServiceConfig", """{ "methodConfig": [{ "timeout": "1m" }] }""", "$.methodConfig[0].timeout")]
    public async Task Start_BadValue_NamesTheKey(string property, string value, string expected)
    {
        var failures = await StartAsync(new() { [Key + "Address"] = "https://host", [Key + property] = value });

        var failure = Assert.Single(failures);
        var key = property.StartsWith("Methods:", StringComparison.Ordinal) && !expected.Contains("positive", StringComparison.Ordinal) ? property[..property.LastIndexOf(':')] : property;
        Assert.StartsWith(Key + key, failure, StringComparison.Ordinal);
        Assert.Contains(expected, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ManyErrorsInManyClients_TellsAllOfThemOnce()
    {
        var failures = await StartAsync(
            new()
            {
                ["PooledClients:DrainTimeout"] = "soon",
                [Key + "Address"] = "https://host",
                [Key + "Deadline"] = "five seconds",
                [Key + "WaitForReady"] = "maybe",
                [Key + "MaxSendMessageSize"] = "-1",
                ["PooledClients:Grpc:Uploads:Deadline"] = "-00:00:01",
            },
            services => services.AddPooledGrpcClient<Uploads.UploadsClient>());

        Assert.Collection(
            failures.Order(StringComparer.Ordinal),
            failure => Assert.StartsWith("PooledClients:DrainTimeout: 'soon' does not parse", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith(Key + "Deadline: 'five seconds' does not parse", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith(Key + "MaxSendMessageSize: -1 is not positive", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith(Key + "WaitForReady: 'maybe' does not parse", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("PooledClients:Grpc:Uploads:Address: no address is set", failure, StringComparison.Ordinal),
            failure => Assert.StartsWith("PooledClients:Grpc:Uploads:Deadline: '-00:00:01' is not positive", failure, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_CertificatesOnClearText_SaysThatTheyAreNotUsed()
    {
        var failures = await StartAsync(new() { [Key + "Address"] = "http://host", [Key + "Tls:CaCertificatePath"] = "/etc/ca.pem" });

        Assert.Contains("clear text", Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CallCredentialsOnClearText_SaysThatTheyAreNotSent()
    {
        var failures = await StartAsync(
            new() { [Key + "Address"] = "http://host" },
            services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>().AddCallCredentials((_, _) => Task.CompletedTask));

        Assert.Contains("never sent", Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TwoTypesWithOneDefaultName_FailsUnlessOneIsNamed()
    {
        var configuration = new Dictionary<string, string?> { [Key + "Address"] = "https://host", ["PooledClients:Grpc:other:Address"] = "https://host" };

        var failures = await StartAsync(new() { [Key + "Address"] = "https://host" }, services => services.AddPooledGrpcClient<Other.KeyValue.KeyValueClient>());
        Assert.Contains("share the name 'KeyValue'", Assert.Single(failures), StringComparison.Ordinal);

        Assert.Empty(await StartAsync(configuration, services => services.AddPooledGrpcClient<Other.KeyValue.KeyValueClient>("other")));
    }

    [Fact]
    public async Task Start_ClientTypeWithoutConstructor_FailsUnlessItIsToldHow()
    {
        var configuration = new Dictionary<string, string?> { [Key + "Address"] = "https://host", ["PooledClients:Grpc:ICatalog:Address"] = "https://host" };

        var failures = await StartAsync(configuration, services => services.AddPooledGrpcClient<ICatalog>());
        Assert.Contains("ConfigureClient", Assert.Single(failures), StringComparison.Ordinal);

        Assert.Empty(await StartAsync(configuration, services => services.AddPooledGrpcClient<ICatalog>().ConfigureClient<ICatalog>(_ => new Catalog())));
    }

    [Fact]
    public void Resolve_WithoutAHost_FailsWithTheSameError()
    {
        using var services = new ServiceCollection().AddPooledGrpcClient<KeyValue.KeyValueClient>().Services.BuildServiceProvider();

        var exception = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<KeyValue.KeyValueClient>());

        Assert.Contains(Key + "Address", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_FromConfigurationAndCode_CodeWins()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Key + "Deadline", "00:00:07"), new(Key + "WaitForReady", "true")]).Build();
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = new Uri("https://host");
                options.Deadline = TimeSpan.FromSeconds(9);
            })
            .Services.BuildServiceProvider();

        var options = services.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get("KeyValue");

        Assert.Equal(TimeSpan.FromSeconds(9), options.Deadline);
        Assert.True(options.WaitForReady);
    }

    private static async Task<IReadOnlyList<string>> StartAsync(Dictionary<string, string?> configuration, Action<IServiceCollection>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
        configure?.Invoke(builder.Services);
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

    private interface ICatalog;

    private sealed class Catalog : ICatalog;

    private static class Other
    {
        public static class KeyValue
        {
            public sealed class KeyValueClient(CallInvoker invoker)
            {
                public CallInvoker Invoker => invoker;
            }
        }
    }
}
