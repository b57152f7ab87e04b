using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PooledClients.TestBed.Servers;

/// <summary>
/// A real server in this process: Kestrel over TLS, clear text or a Unix socket, with the key-value and uploads services and a
/// small JSON API, and everything a test asks of the other side of the wire.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly CancellationToken AtOnce = new(canceled: true);
    private readonly TestServerOptions _options;
    private readonly WebApplication _application;
    private readonly X509Certificate2? _certificate;

    private TestServer(TestServerOptions options)
    {
        _options = options;
        _certificate = options is { Tls: true, UnixSocket: null } ? options.Certificate ?? options.Authority.IssueServer() : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = options.MaxStreams;
            if (options.UnixSocket is { } path)
            {
                kestrel.ListenUnixSocket(path, Configure);
            }
            else
            {
                kestrel.Listen(options.Address, options.Port, Configure);
            }
        });
        builder.Services.AddGrpc();
        builder.Services.AddHttpClient();
        builder.Services.AddSingleton(options.Behavior);
        builder.Services.AddSingleton<KeyValueStore>();
        options.Services?.Invoke(builder.Services);
        _application = builder.Build();
        _application.Use(RecordAsync);
        _application.MapGrpcService<KeyValueService>();
        _application.MapGrpcService<UploadsService>();
        _application.MapPost(UploadsService.ApiPath, (UploadedFile file) => Results.Json(file));
        _application.MapGet(UploadsService.ApiPath + "/{name}", (string name) => Results.Json(new UploadedFile(name, 0)));
        options.Map?.Invoke(_application);
    }

    public ServiceBehavior Behavior => _options.Behavior;

    public ConnectionLog Connections { get; } = new();

    /// <summary>Gets every request, in the order of arrival.</summary>
    public ConcurrentQueue<RecordedRequest> Requests { get; } = new();

    /// <summary>Gets where to find the server; <c>localhost</c>, so that names are resolved too.</summary>
    public Uri Address => _options.UnixSocket is { } path
        ? new Uri("unix:" + path)
        : new Uri($"{(_options.Tls ? "https" : "http")}://localhost:{Port}");

    public int Port => new Uri(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public static async Task<TestServer> StartAsync(TestServerOptions? options = null)
    {
        var server = new TestServer(options ?? new TestServerOptions());
        await server._application.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Stops at once: connections are cut, calls in flight with them.</summary>
    public Task KillAsync() => _application.StopAsync(AtOnce);

    /// <summary>Stops politely: calls in flight finish.</summary>
    public Task StopAsync() => _application.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Behavior.Release();
        Connections.ReleaseHandshakes();
        await KillAsync();
        await _application.DisposeAsync();
        if (_options.Certificate is null)
        {
            _certificate?.Dispose();
        }
    }

    private void Configure(ListenOptions listen)
    {
        listen.Use(Connections.CountAccepted);
        if (_certificate is null)
        {
            listen.Protocols = _options.Protocols ?? HttpProtocols.Http2;
            return;
        }

        listen.Protocols = _options.Protocols ?? HttpProtocols.Http1AndHttp2;
        listen.UseHttps(https =>
        {
            https.ServerCertificate = _certificate;
            https.ClientCertificateMode = _options.RequireClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
            https.ClientCertificateValidation = (certificate, _, _) => IsIssuedByAuthority(certificate);
        });
        listen.Use(Connections.CountHandshake);
    }

    private bool IsIssuedByAuthority(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_options.Authority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        Requests.Enqueue(new RecordedRequest(
            context.Request.Path,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            context.Connection.Id,
            context.Connection.ClientCertificate?.Subject));
        return next(context);
    }
}
