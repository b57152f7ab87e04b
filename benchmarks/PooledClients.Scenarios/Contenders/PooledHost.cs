using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>This library in a host, as a service has it: gRPC clients, an HTTP client, or both under one budget of descriptors.</summary>
internal sealed class PooledHost : IAsyncDisposable
{
    private const string HttpName = "api";

    private readonly IHost _host;
    private readonly LogLines _log = new();
    private int _disposed;

    public PooledHost(GrpcClientSettings? grpc, HttpClientSettings? http, AdmissionMode admission = AdmissionMode.Adaptive)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(_log);
        for (var client = 0; client < (grpc?.Clients ?? 0); client++)
        {
            var address = grpc!.Address(client);
            var added = builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Key(client), options =>
            {
                Configure(options, address, grpc);
                options.Admission.Mode = admission;
            });
            if (grpc.EndpointsPath is { } path)
            {
                added.AddEndpointResolver(_ => new FileEndpoints(path, grpc.EndpointsAreTold));
            }
        }

        if (http is not null)
        {
            builder.Services.AddPooledHttpClient(HttpName, options => Configure(options, http)).ConfigureHttpClient(http.ConfigureVersion);
        }

        _host = builder.Build();
        _host.Start();
    }

    /// <summary>Gets the warnings and errors that were logged.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    public KeyValue.KeyValueClient Stub(int client) => _host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>(Key(client));

    public HttpClient CreateHttpClient() => _host.Services.GetRequiredService<IHttpClientFactory>().CreateClient(HttpName);

    /// <summary>Stops and disposes the host, once, whoever asks.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _host.StopAsync();
            _host.Dispose();
        }
    }

    private static string Key(int client) => "client" + client.ToString(CultureInfo.InvariantCulture);

    private static void Configure(PooledGrpcClientOptions options, Uri address, GrpcClientSettings settings)
    {
        options.Address = address;
        options.Deadline = TimeSpan.FromSeconds(settings.DeadlineSeconds);
        options.WaitForReady = settings.WaitForReady;
        options.Tls.CaCertificatePath = settings.CaPath;
        options.Tls.ClientCertificatePath = settings.ClientCertificatePath;
        options.Tls.ClientKeyPath = settings.ClientKeyPath;
        options.Tls.ReloadInterval = TimeSpan.FromSeconds(settings.ReloadSeconds);
        options.Connection.MaxConnections = settings.MaxConnections;
        options.Connection.Lifetime = settings.LifetimeSeconds is { } lifetime ? TimeSpan.FromSeconds(lifetime) : options.Connection.Lifetime;
        options.Resilience.Retry.MaxAttempts = settings.MaxAttempts ?? options.Resilience.Retry.MaxAttempts;
        foreach (var endpoint in settings.Endpoints.Select(static endpoint => new Uri(endpoint)))
        {
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add(endpoint.Authority);
        }

        options.Resilience.Breaker.Enabled = settings.Breaker;
    }

    private static void Configure(PooledHttpClientOptions options, HttpClientSettings settings)
    {
        options.BaseAddress = new Uri(settings.Address);
        options.Deadline = TimeSpan.FromSeconds(settings.DeadlineSeconds);
        options.Tls.CaCertificatePath = settings.CaPath;
    }
}
