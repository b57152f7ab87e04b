using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Diagnostics;
using RocksDb.V1;

namespace PooledClients.Tests.Diagnostics;

public sealed class SnapshotJsonTests
{
    [Fact]
    public void ToJson_OfASnapshot_HasASchemaVersionAndEveryList()
    {
        var json = JsonDocument.Parse(new SnapshotBuilder().Build(DateTimeOffset.UnixEpoch, []).ToJson()).RootElement;

        Assert.Equal(PooledClientsSnapshot.CurrentSchemaVersion, json.GetProperty("schemaVersion").GetInt32());
        foreach (var property in typeof(PooledClientsSnapshot).GetProperties())
        {
            Assert.True(json.TryGetProperty(JsonNamingPolicy.CamelCase.ConvertName(property.Name), out _), property.Name);
        }
    }

    [Fact]
    public async Task Capture_OfAClientWithSecrets_TellsNone()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options =>
        {
            options.Address = new Uri("http://localhost:1");
            options.Tls.ClientKeyPassword = "hunter2-secret";
            options.Deadline = TimeSpan.FromSeconds(7);
        });
        await using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IGrpcChannelPool>().GetChannel("KeyValue");

        var snapshot = provider.GetRequiredService<IPooledClientsDiagnostics>().Capture();

        var channel = Assert.Single(snapshot.Channels);
        Assert.Equal("00:00:07", channel.Options["Deadline"]);
        Assert.Equal("set", channel.Options["Tls:ClientKeyPassword"]);
        Assert.DoesNotContain("hunter2", snapshot.ToJson(), StringComparison.Ordinal);
    }
}
