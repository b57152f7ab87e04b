using Files.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocksDb.V1;

namespace PooledClients.Tests.Readme;

/// <summary>Every C# block of the README and of the page on configuration, word for word, so that it compiles.</summary>
internal static class ReadmeExamples
{
    public static async Task FirstClientAsync(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri("https://rocksdb.internal:9101");
            options.Tls.CaCertificatePath = "/etc/tls/ca.pem";
            options.Deadline = TimeSpan.FromSeconds(5);
        });
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
        var response = await client.GetAsync(new GetRequest { Database = "users", Key = ByteString.CopyFromUtf8("42") });
    }

    public static void Configuring(IServiceCollection services)
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>();                 // section PooledClients:Grpc:KeyValue
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>("replica");        // a keyed singleton, section PooledClients:Grpc:replica
        services.AddPooledHttpClient("uploads");                                 // IHttpClientFactory's "uploads", section PooledClients:Http:uploads
        services.ConfigurePooledClients(options => options.DrainTimeout = TimeSpan.FromSeconds(20));
        services.AddHealthChecks().AddPooledClients();
    }

    public static void ScopedTokens(IServiceCollection services)
    {
        services.AddPooledGrpcClient<Uploads.UploadsClient>().AsScoped().AddCallCredentials((context, metadata, provider) =>
        {
            metadata.Add("authorization", $"Bearer {provider.GetRequiredService<UserToken>().Value}");
            return Task.CompletedTask;
        });
    }

    public static void AmbientDeadlines(IServiceCollection services, WebApplication app)
    {
        services.AddGrpc(options => options.Interceptors.Add<CallDeadlineInterceptor>());   // package PooledClients.AspNetCore
        app.UseCallDeadlines();   // of the same package: [RequestTimeout] and RequestAborted
    }

    public static void RequestTimeouts(WebApplication app)
    {
        app.UseRequestTimeouts();
        app.UseCallDeadlines();   // behind UseRouting and UseRequestTimeouts
    }

    public sealed record UserToken(string Value);

    public sealed class Importer(IPooledGrpcClientFactory<KeyValue.KeyValueClient> clients, IGrpcChannelPool channels)
    {
        public KeyValue.KeyValueClient ForOneImport() => clients.CreateClient(TimeSpan.FromMinutes(2));

        public ChannelBase Channel() => channels.GetChannel("replica");
    }
}
