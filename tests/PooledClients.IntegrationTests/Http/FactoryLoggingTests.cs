using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That the factory's own logging is there whenever its categories are on, and in the way only then.</summary>
public class FactoryLoggingTests : WatchedTest
{
    private const string Category = "System.Net.Http.HttpClient.a";

    [Theory]
    [InlineData("")]
    [InlineData(".LogicalHandler")]
    [InlineData(".ClientHandler")]
    public async Task Get_CategoryOn_LogsWhatAPlainClientLogs(string category)
    {
        await using var server = await new HttpApi().StartAsync(HttpVersion.Version11);

        var plain = await LinesAsync(server.Address!, category, static services => services.AddHttpClient("a"));
        var pooled = await LinesAsync(server.Address!, category, static services => services.AddPooledHttpClient("a"));

        Assert.NotEmpty(plain);
        Assert.Equal(plain, pooled);
    }

    [Fact]
    public async Task Get_CategoryTurnedOnLater_Logs()
    {
        await using var server = await new HttpApi().StartAsync(HttpVersion.Version11);
        var logs = new FakeLogCollector();
        var configuration = new ConfigurationManager();
        configuration["Logging:LogLevel:System.Net.Http.HttpClient"] = "Warning";
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddConfiguration(configuration.GetSection("Logging")).AddProvider(new FakeLoggerProvider(logs)));
        services.AddPooledHttpClient("a");
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("a");
        _ = await client.GetStringAsync(new Uri(server.Address!, "text"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(logs.GetSnapshot(), static line => line.Category!.StartsWith(Category, StringComparison.Ordinal));

        configuration["Logging:LogLevel:System.Net.Http.HttpClient"] = "Information";
        ((IConfigurationRoot)configuration).Reload();
        _ = await client.GetStringAsync(new Uri(server.Address!, "text"), TestContext.Current.CancellationToken);

        Assert.Equal(4, logs.GetSnapshot().Count(static line => line.Category!.StartsWith(Category, StringComparison.Ordinal)));
    }

    private static async Task<string[]> LinesAsync(Uri address, string category, Action<IServiceCollection> add)
    {
        var logs = new FakeLogCollector();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging
            .SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(logs)).AddFilter((name, _) => name!.StartsWith(Category + category, StringComparison.Ordinal)));
        add(services);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("a");
        for (var i = 0; i < 2; i++)
        {
            _ = await client.GetStringAsync(new Uri(address, "text"), TestContext.Current.CancellationToken);
        }

        return [.. logs.GetSnapshot().Select(static line => $"{line.Category} {line.Id.Id} {line.Level} {string.Join('|', line.Scopes.Select(static scope => scope?.ToString()))}")];
    }
}
