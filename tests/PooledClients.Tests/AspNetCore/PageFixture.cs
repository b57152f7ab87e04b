using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PooledClients.Tests.AspNetCore;

/// <summary>An application on Kestrel that shows a snapshot of the test's making.</summary>
internal sealed class PageFixture : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly HttpClient _http = new();

    private PageFixture(WebApplication application) => _application = application;

    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<PageFixture> StartAsync(
        PooledClientsSnapshot snapshot, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? before = null, Action<IEndpointConventionBuilder>? endpoint = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IPooledClientsDiagnostics>(new Fixed(snapshot));
        configure?.Invoke(builder);
        var application = builder.Build();
        before?.Invoke(application);
        var mapped = application.MapPooledClients();
        endpoint?.Invoke(mapped);
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new PageFixture(application);
    }

    public async Task<HttpResponseMessage> GetAsync(string? accept = null, string? host = null, string query = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, "/debug/pooled-clients" + query));
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        request.Headers.Host = host;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<string> GetTextAsync(string accept) =>
        await (await GetAsync(accept)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _application.DisposeAsync();
    }

    private sealed class Fixed(PooledClientsSnapshot snapshot) : IPooledClientsDiagnostics
    {
        public PooledClientsSnapshot Capture() => snapshot;
    }
}
