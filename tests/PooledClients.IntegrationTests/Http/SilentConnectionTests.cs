using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a snapshot tells how long a connection has been silent, though nothing on it is stamped.</summary>
public class SilentConnectionTests : WatchedTest
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Capture_ConnectionOfAnHttpClient_TellsSinceWhenNothingHasArrived(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = new HttpFixture(Log, Version.Parse(version), server.Address);
        var diagnostics = http.Services.GetRequiredService<IPooledClientsDiagnostics>();
        await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken);

        var first = Assert.Single(diagnostics.Capture().Connections).SilentFor;

        Assert.NotNull(first);
        await Eventually.HoldsAsync(() => diagnostics.Capture().Connections.Single().SilentFor > first);
    }
}
