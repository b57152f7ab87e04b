using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using RocksDb.V1;

namespace PooledClients.Tests.Configuration;

/// <summary>A typo in the configuration is no setting that is left out.</summary>
public sealed class UnknownKeyTests
{
    private const string Grpc = "PooledClients:Grpc:KeyValue:";
    private const string Http = "PooledClients:Http:uploads:";

    [Theory]
    [InlineData(Grpc + "Dedline", "did you mean Deadline?")]
    [InlineData(Grpc + "deadlines", "did you mean Deadline?")]
    [InlineData(Grpc + "Timeout", "did you mean Deadline?")]
    [InlineData(Grpc + "Url", "did you mean Address?")]
    [InlineData(Grpc + "Tls:CaCertificate", "did you mean CaCertificatePath or CaCertificatePem?")]
    [InlineData(Grpc + "Tls:CaCertPath", "did you mean CaCertificatePath?")]
    [InlineData(Grpc + "CaCertificatePath", "did you mean Tls:CaCertificatePath?")]
    [InlineData(Grpc + "Tls:CaFile", "did you mean CaCertificatePath?")]
    [InlineData(Grpc + "Tls:CertPath", "did you mean ClientCertificatePath?")]
    [InlineData(Grpc + "Tls:KeyFile", "did you mean ClientKeyPath?")]
    [InlineData("PooledClients:KeyValue:Deadline", "a client's are below Grpc or Http, by its name")]
    [InlineData(Grpc + "Connection:Dead-Peer-Timeout", "did you mean DeadPeerTimeout?")]
    [InlineData(Grpc + "Methods:Get:Dedline", "did you mean Deadline?")]
    [InlineData(Grpc + "Resilience:MaxAttempts", "did you mean Resilience:Retry:MaxAttempts or Resilience:Hedging:MaxAttempts, counted from the client's section?")]
    [InlineData(Http + "Resilience:MaxAttempts", "did you mean Resilience:Retry:MaxAttempts, counted from the client's section?")]
    [InlineData(Grpc + "Resilience:Retry:MaxAtempts", "did you mean MaxAttempts?")]
    [InlineData(Grpc + "Resilience:RetryBudget:Ration", "did you mean Ratio?")]
    [InlineData(Grpc + "Resilience:Breaker:Enable", "did you mean Enabled?")]
    [InlineData(Grpc + "Resilience:Hedging:Dealy", "did you mean Delay?")]
    [InlineData(Http + "Resilience:Retry:Dealy", "did you mean Delay?")]
    [InlineData(Http + "Resilience:Breaker:BreakDurations", "did you mean BreakDuration?")]
    [InlineData(Grpc + "WaitForReady:Seconds", "WaitForReady is a value")]
    [InlineData(Grpc + "Resilience", "has settings below it")]
    [InlineData(Grpc + "Xyzzy", "the settings here are Address, Admission")]
    [InlineData(Http + "Timeout", "did you mean Deadline?")]
    [InlineData(Http + "Address", "did you mean BaseAddress?")]
    [InlineData(Http + "Tls:ClientCertificate", "did you mean ClientCertificatePath?")]
    [InlineData("PooledClients:DrainTimout", "did you mean DrainTimeout?")]
    [InlineData("PooledClients:Descriptors:MaxConnection", "did you mean MaxConnections?")]
    [InlineData("PooledClients:gRPCs:Deadline", "did you mean Grpc?")]
    [InlineData("PooledClients:Grpc:KeyValueClient:Deadline", "did you mean KeyValue?")]
    [InlineData("PooledClients:Grpc:Other:Deadline", "there are KeyValue. Add it with AddPooledGrpcClient")]
    [InlineData("PooledClients:Http:upload:Deadline", "did you mean uploads?")]
    [InlineData("PooledClients:Http:keyvalue:Deadline", "did you mean PooledClients:Grpc:KeyValue?")]
    [InlineData("PooledClients:Grpc:uploads:Deadline", "did you mean PooledClients:Http:uploads?")]
    [InlineData(Grpc + "Methods:Get", "no value, but has settings below it: Deadline")]
    [InlineData(Grpc + "Methods", "has settings below it, by name")]
    [InlineData(Grpc + "Endpoints:Addresses", "is a list: write Addresses:0")]
    [InlineData(Grpc + "Endpoints:Addresses:0:Host", "0 is a value")]
    [InlineData("PooledClients:Grpc:KeyValue", "no value, but has settings below it: Address")]
    [InlineData("PooledClients:Http:uploads", "no value, but has settings below it: AutomaticDecompression")]
    [InlineData("PooledClients:Grpc", "has settings below it")]
    [InlineData("PooledClients", "no value, but has settings below it: ")]
    [InlineData("PooledClients:Grpc:Other", "there are KeyValue")]
    public async Task Start_KeyThatMeansNothing_FailsAndSaysWhatWasMeant(string key, string expected)
    {
        var (failures, warnings) = await StartAsync(new() { [key] = "00:00:05" });

        var failure = Assert.Single(failures);
        Assert.StartsWith(key.EndsWith(":Deadline", StringComparison.Ordinal) ? key[..key.LastIndexOf(':')] : key, failure, StringComparison.Ordinal);
        Assert.Contains(expected, failure, StringComparison.Ordinal);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("PooledClient:Grpc:KeyValue:Deadline", "PooledClient")]
    [InlineData("Pooled-Clients:Grpc:KeyValue:Deadline", "Pooled-Clients")]
    [InlineData("PooeldClients:DrainTimeout", "PooeldClients")]
    public async Task Start_SectionOfAnotherNameByASlip_FailsAndSaysWhatWasMeant(string key, string section)
    {
        var (failures, _) = await StartAsync(new() { [key] = "00:00:05" });

        Assert.Equal([$"{section}: nothing is read from there; did you mean PooledClients?"], failures);
    }

    [Theory]
    [InlineData("Clients:Deadline")]
    [InlineData("Pools:Deadline")]
    [InlineData("PooledClientsOfMine:Deadline")]
    public async Task Start_SectionOfSomebodyElse_IsLeftAlone(string key)
    {
        var (failures, _) = await StartAsync(new() { [key] = "00:00:05" });

        Assert.Empty(failures);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_ToldToWarnOnly_WarnsOfEachKey(bool isToldByCode)
    {
        var settings = new Dictionary<string, string?> { [Grpc + "Dedline"] = "x", ["PooledClients:Grpc:Other:Deadline"] = "x", ["PooledClients:Drain"] = "x" };
        if (!isToldByCode)
        {
            settings["PooledClients:UnknownKeys"] = "Warn";
        }

        var (failures, warnings) = await StartAsync(settings, isToldByCode ? options => options.UnknownKeys = UnknownKeys.Warn : null);

        Assert.Empty(failures);
        Assert.Equal(3, warnings.Count);
        Assert.Contains(warnings, static warning => warning.Contains("did you mean Deadline?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("eu:replica:Deadline", "eu:main:Deadline", null)]
    [InlineData("eu:replica:Deadline", "eu:Deadline", null)]
    [InlineData("eu:replica:Dedline", "eu:main:Deadline", "PooledClients:Grpc:eu:replica:Dedline: there is no such setting; did you mean Deadline?")]
    [InlineData("eu:replica:Deadline", "eu:mane:Deadline", "PooledClients:Grpc:eu:mane: no such client was added; did you mean eu:main?")]
    [InlineData("eu:replica:Deadline", "eu:Dedline", "PooledClients:Grpc:eu:Dedline: there is no such setting; did you mean Deadline?")]
    public async Task Start_ClientsWhoseNamesArePaths_HaveTheirSections(string one, string other, string? expected)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("PooledClients:Grpc:" + one, "5s"), new("PooledClients:Grpc:" + other, "5s")]);
        foreach (var name in other.Split(':') is [_, _, _] ? new[] { "eu:replica", "eu:main" } : ["eu:replica", "eu"])
        {
            builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, static options => options.Address = new Uri("https://host"));
        }

        using var host = builder.Build();
        var failure = await Record.ExceptionAsync(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(expected, failure is OptionsValidationException invalid ? Assert.Single(invalid.Failures) : failure?.Message);
    }

    [Fact]
    public async Task Start_EveryKeyThatThereIs_IsKnown()
    {
        var (failures, _) = await StartAsync(new()
        {
            [Grpc + "deadline"] = "00:00:09",
            [Grpc + "Methods:rocksdb.v1.KeyValue/Get:Deadline"] = "00:00:01",
            [Grpc + "Tls:ReloadInterval"] = "00:01:00",
            [Grpc + "Admission:Mode"] = "Off",
            [Http + "AutomaticDecompression"] = "GZip",
            ["PooledClients:WarmUp:Preload"] = "false",
        });

        Assert.Empty(failures);
    }

    [Fact]
    public void Resolve_WithoutAHost_FailsToo()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Grpc + "Address", "https://host"), new(Grpc + "Tls:CaCertificate", "/etc/ca.pem")]).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddPooledGrpcClient<KeyValue.KeyValueClient>().Services.BuildServiceProvider();

        var exception = Assert.Throws<OptionsValidationException>(services.GetRequiredService<KeyValue.KeyValueClient>);

        Assert.Contains("CaCertificatePath", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(PooledClientsOptions))]
    [InlineData(typeof(PooledGrpcClientOptions))]
    [InlineData(typeof(PooledHttpClientOptions))]
    public void Keys_OfOptionsWithinOptions_AreAllKnown(Type options)
    {
        foreach (var property in options.GetProperties())
        {
            var key = SectionKeys.Of(options).Find(property.Name);
            Assert.NotNull(key);
            Assert.True(key.Scalar is not null || key.Section is not null || key.IsList, $"SectionKeys does not know the options of {options.Name}.{property.Name}: add them there.");
            if (key is { Section: not null, IsDictionary: false })
            {
                Keys_OfOptionsWithinOptions_AreAllKnown(property.PropertyType);
            }
        }
    }

    [Theory]
    [InlineData("Deadline", "5s", 5_000)]
    [InlineData("Deadline", "250 ms", 250)]
    [InlineData("Deadline", "1.5m", 90_000)]
    [InlineData("Deadline", "1h", 3_600_000)]
    [InlineData("Deadline", "00:00:07", 7_000)]
    [InlineData("Resilience:Retry:Delay", "50ms", 50)]
    [InlineData("Resilience:Breaker:BreakDuration", "2s", 2_000)]
    [InlineData("Resilience:Hedging:Delay", "75ms", 75)]
    [InlineData("Methods:Get:Deadline", "2s", 2_000)]
    [InlineData("MaxReceiveMessageSize", "4MB", 4 * 1024 * 1024)]
    [InlineData("MaxReceiveMessageSize", "512 KiB", 512 * 1024)]
    [InlineData("MaxReceiveMessageSize", "1000", 1000)]
    public void Options_ValueWithAUnit_IsUnderstood(string key, string value, int expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Grpc + "Address", "https://host"), new(Grpc + key, value)]).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddPooledGrpcClient<KeyValue.KeyValueClient>().Services.BuildServiceProvider();

        var options = services.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get("KeyValue");

        Assert.Equal(expected, key switch
        {
            "Deadline" => options.Deadline!.Value.TotalMilliseconds,
            "MaxReceiveMessageSize" => options.MaxReceiveMessageSize!.Value,
            "Resilience:Retry:Delay" => options.Resilience.Retry.Delay.TotalMilliseconds,
            "Resilience:Breaker:BreakDuration" => options.Resilience.Breaker.BreakDuration.TotalMilliseconds,
            "Resilience:Hedging:Delay" => options.Resilience.Hedging.Delay!.Value.TotalMilliseconds,
            _ => options.Methods["Get"].Deadline!.Value.TotalMilliseconds,
        });
        Assert.Equal("https://host/", options.Address!.ToString());
    }

    [Theory]
    [InlineData("Deadline", "five", "Write 00:00:05 or 5s")]
    [InlineData("MaxReceiveMessageSize", "4 apples", "4MB")]
    [InlineData("MaxReceiveMessageSize", "9999GB", "'9999GB' does not parse")]
    [InlineData("MaxReceiveMessageSize", "2GB", "'2GB' does not parse")]
    [InlineData("MaxReceiveMessageSize", "2GB", "4MB; less than 2GB.")]
    [InlineData("WaitForReady", "yes", "Write true or false.")]
    [InlineData("Resilience:Breaker:FailureRatio", "half", "Write a number, such as 0.5.")]
    [InlineData("Admission:Mode", "Adaptve", "Write one of Adaptive, Fixed, Off.")]
    [InlineData("Endpoints:Policy", "Random", "Write one of LeastLoaded, RoundRobin, PickFirst.")]
    public async Task Start_ValueThatDoesNotParse_ShowsTheRightForm(string key, string value, string expected)
    {
        var (failures, _) = await StartAsync(new() { [Grpc + key] = value });

        Assert.Contains(expected, Assert.Single(failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PooledClients:UnknownKeys", "7", "write one of FailStart, Warn.")]
    [InlineData("PooledClients:UnknownKeys", "-1", "write one of FailStart, Warn.")]
    [InlineData(Grpc + "Admission:Mode", "7", "write one of Adaptive, Fixed, Off.")]
    [InlineData(Grpc + "Tls:RevocationMode", "9", "write one of NoCheck, Online, Offline.")]
    [InlineData(Http + "Tls:RevocationMode", "9", "write one of NoCheck, Online, Offline.")]
    [InlineData(Http + "AutomaticDecompression", "4096", "write one of ")]
    [InlineData(Http + "Endpoints:Resolver", "9", "use one of None, ")]
    public async Task Start_NumberThatStandsForNothing_FailsAndSaysWhatThereIs(string key, string value, string expected)
    {
        var (failures, _) = await StartAsync(new() { [key] = value, [Grpc + "Dedline"] = "x" });

        Assert.Contains(failures, failure => failure.StartsWith($"{key}: ", StringComparison.Ordinal) && failure.Contains(value, StringComparison.Ordinal) && failure.Contains(expected, StringComparison.Ordinal));
        Assert.Contains(failures, static failure => failure.Contains("did you mean Deadline?", StringComparison.Ordinal));
    }

    private static async Task<(IReadOnlyList<string> Failures, IReadOnlyList<string> Warnings)> StartAsync(
        Dictionary<string, string?> settings, Action<PooledClientsOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new(Grpc + "Address", "https://host"), .. settings]);
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
        builder.Services.AddPooledHttpClient("uploads");
        builder.Services.ConfigurePooledClients(configure ?? (_ => { }));
        builder.Logging.AddFakeLogging();
        using var host = builder.Build();
        IReadOnlyList<string> failures = [];
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await host.StopAsync(TestContext.Current.CancellationToken);
        }
        catch (OptionsValidationException exception)
        {
            failures = [.. exception.Failures];
        }

        return (failures, [.. host.Services.GetFakeLogCollector().GetSnapshot().Where(static record => record.Id.Id == 491).Select(static record => record.Message)]);
    }
}
