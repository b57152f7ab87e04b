using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Servers;
using PooledClients.Tests.Readme;
using Refit;

namespace PooledClients.Tests.Http;

/// <summary>Refit over a pooled client, as docs/migrating.md has it.</summary>
public sealed class RefitTests
{
    [Fact]
    public async Task Call_ByAnInterfaceOfRefit_GoesOverThePooledConnection()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions
        {
            Map = static application => application.MapGet("/stock/{item}", static (string item) => Results.Text($"7 of {item}")),
        });
        var services = new ServiceCollection();
        services.AddPooledHttpClient("stock", options =>
        {
            options.BaseAddress = server.Address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        }).AddTypedClient(static client => RestService.For<MigratingExamples.IStockApi>(client));
        await using var provider = services.BuildServiceProvider();

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("7 of screws", await provider.GetRequiredService<MigratingExamples.IStockApi>().CountAsync("screws"));
        }

        var snapshot = provider.GetRequiredService<IPooledClientsDiagnostics>().Capture();
        Assert.Equal(1, server.Connections.Accepted);
        Assert.Equal("http", Assert.Single(snapshot.Connections).Kind);
        Assert.Empty(snapshot.OpenResponses);
    }
}
