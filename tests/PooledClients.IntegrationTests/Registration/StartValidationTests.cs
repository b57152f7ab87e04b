using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

/// <summary>What a user with a wrong setting reads when the host does not start.</summary>
public class StartValidationTests
{
    private const string Section = "PooledClients:Grpc:KeyValue:";
    private const string CaKey = Section + "Tls:CaCertificatePath";

    [Theory]
    [InlineData("Address", null, "Address", "https://")]
    [InlineData("Address", "/relative", "Address", "https://")]
    [InlineData("Address", "ftp://localhost:21", "Address", "ftp")]
    [InlineData("Address", "localhost:5000", "Address", "https://localhost:5000")]
    [InlineData("Deadline", "-00:00:05", "Deadline", "not positive")]
    [InlineData("Deadline", "30", "Deadline", "bare number means days")]
    [InlineData("Deadline", "soon", "Deadline", "soon")]
    [InlineData("Methods:Fetch:Deadline", "00:00:01", "Methods:Fetch", "Get")]
    public async Task Start_BadSetting_FailsNamingTheKeyAndTheWayOut(string key, string? value, string namedKey, string hint)
    {
        var failure = Assert.Single(await FailuresAsync(new() { [Section + "Address"] = "https://localhost:1", [Section + key] = value }));

        Assert.Contains(Section + namedKey, failure, StringComparison.Ordinal);
        Assert.Contains(hint, failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("empty")]
    [InlineData("cut")]
    [InlineData("key only")]
    public async Task Start_BadCaFile_FailsNamingTheKeyAndTheFile(string kind)
    {
        using var folder = new TempFolder();
        var path = WriteBadFile(folder, kind);

        var failure = Assert.Single(await FailuresAsync(new() { [Section + "Address"] = "https://localhost:1", [CaKey] = path }));

        Assert.Contains(CaKey, failure, StringComparison.Ordinal);
        Assert.Contains(path, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SeveralBadClients_TellsEveryErrorOnce()
    {
        var failures = await FailuresAsync(
            new()
            {
                [Section + "Address"] = "localhost:5000",
                [Section + "Deadline"] = "soon",
                [Section + "StreamingDeadline"] = "-00:00:01",
                ["PooledClients:Grpc:second:Connection:ConnectTimeout"] = "00:00:00",
                ["PooledClients:DrainTimeout"] = "-00:00:01",
            },
            services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>("second"));

        Assert.Equal(6, failures.Count);
        foreach (var key in (string[])
            [Section + "Address", Section + "Deadline", Section + "StreamingDeadline", "PooledClients:Grpc:second:Address",
             "PooledClients:Grpc:second:Connection:ConnectTimeout", "PooledClients:DrainTimeout"])
        {
            Assert.Single(failures, failure => failure.Contains(key + ":", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Start_ClientTypeWithoutSuitableConstructor_Fails()
    {
        var failures = await FailuresAsync(
            new() { [Section + "Address"] = "https://localhost:1", ["PooledClients:Grpc:odd:Address"] = "https://localhost:1" },
            services => services.AddPooledGrpcClient<OddClient>("odd"));

        Assert.Contains(nameof(OddClient), Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_TwoTypesOfOneName_Fails()
    {
        var failures = await FailuresAsync(
            new() { [Section + "Address"] = "https://localhost:1", ["PooledClients:Grpc:TwinClient:Address"] = "https://localhost:1" },
            services =>
            {
                services.AddPooledGrpcClient<First.TwinClient>();
                services.AddPooledGrpcClient<Second.TwinClient>();
            });

        var failure = Assert.Single(failures);
        Assert.Contains(nameof(First), failure, StringComparison.Ordinal);
        Assert.Contains(nameof(Second), failure, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> FailuresAsync(Dictionary<string, string?> settings, Action<IServiceCollection>? more = null)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => ClientHost.StartAsync(
            log: null,
            services =>
            {
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
                more?.Invoke(services);
            },
            settings));
        return [.. exception.Failures];
    }

    private static string WriteBadFile(TempFolder folder, string kind)
    {
        if (kind == "missing")
        {
            return folder.PathOf("missing.pem");
        }

        using var key = System.Security.Cryptography.ECDsa.Create();
        return folder.Write("ca.pem", kind switch
        {
            "empty" => "",
            "cut" => TestAuthority.Shared.Pem + "\n" + TestAuthority.Shared.Pem[..200],
            _ => key.ExportPkcs8PrivateKeyPem(),
        });
    }

    public sealed class OddClient(string name)
    {
        public string Name => name;
    }

    public static class First
    {
        public sealed class TwinClient(global::Grpc.Core.CallInvoker invoker) : KeyValue.KeyValueClient(invoker);
    }

    public static class Second
    {
        public sealed class TwinClient(global::Grpc.Core.CallInvoker invoker) : KeyValue.KeyValueClient(invoker);
    }
}
