using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Servers;

/// <summary>The server process: gRPC over TLS on one or many ports, and the HTTP API over TLS on another.</summary>
internal static class ServerRole
{
    public const string Name = "server";
    public const string Counts = "counts";
    public const string Behave = "behave";
    public const string Stalls = "stalls";
    public const string UseCertificate = "certificate";
    public const string UseClientCa = "client-ca";
    public const string Stop = "stop";

    private const int Backlog = 4096;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(ServerSettings settings, ChildLink link)
    {
        var state = new ServerState(settings.Behaviour);
        var tls = new ServerTls(settings.Certificate, settings.ClientCaPath);
        using var store = new KeyValueStore(settings.Folder);
        store.Seed();

        await using var app = Build(settings, state, tls, store);
        await app.StartAsync();
        link.Send(ChildLink.Ready, Addresses(app, settings));
        await foreach (var command in link.Commands.ReadAllAsync())
        {
            await ObeyAsync(command, app, state, tls, link);
        }
    }

    private static WebApplication Build(ServerSettings settings, ServerState state, ServerTls tls, KeyValueStore store)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopTimeout);
        builder.WebHost.UseSockets(options => options.Backlog = Backlog);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options =>
        {
            var endpoints = new ServerEndpoints(state, tls);
            foreach (var port in settings.GrpcPorts)
            {
                options.Listen(IPAddress.Loopback, port, endpoints.ConfigureGrpc);
            }

            options.Listen(IPAddress.Loopback, settings.ApiPort, endpoints.ConfigureApi);
            if (settings.MaxStreams > 0)
            {
                options.Limits.Http2.MaxStreamsPerConnection = settings.MaxStreams;
            }
        });
        builder.Services.AddGrpc(options => options.EnableDetailedErrors = true);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(state);
        if (settings.Uploads is { } uploads)
        {
            builder.Services.AddSingleton(
                _ => new UploadsClients(() => HttpContender.Find(uploads.Contender).Build(new HttpClientSettings(uploads.ApiAddress, uploads.CaPath))));
        }

        var app = builder.Build();
        app.MapGrpcService<KeyValueService>();
        if (settings.Uploads is not null)
        {
            app.MapGrpcService<UploadsService>();
        }

        Api.Map(app, state);
        return app;
    }

    private static ServerAddresses Addresses(WebApplication app, ServerSettings settings)
    {
        string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
        return new ServerAddresses(addresses[..settings.GrpcPorts.Length], addresses[^1], Native.DescriptorLimit());
    }

    private static async Task ObeyAsync(ChildCommand command, WebApplication app, ServerState state, ServerTls tls, ChildLink link)
    {
        switch (command.Name)
        {
            case Counts:
                link.Reply(state.Read());
                return;
            case Behave:
                state.Behave(command.Read<ServerBehaviour>());
                break;
            case Stalls:
                link.Reply(state.Stalls);
                return;
            case UseCertificate:
                tls.UseCertificate(command.Read<CertificateFiles>());
                break;
            case UseClientCa:
                tls.UseClientCa(command.Read<string>());
                break;
            case Stop:
                await app.StopAsync();
                break;
        }

        link.Reply();
    }
}
