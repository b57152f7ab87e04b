using System.Net.Security;
using Files.V1;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Refit;
using RocksDb.V1;

namespace PooledClients.Tests.Readme;

/// <summary>Every C# block of docs/migrating.md, word for word, so that both sides compile.</summary>
internal static class MigratingExamples
{
    public static void GrpcBefore(IServiceCollection services)
    {
        services.AddGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://rocksdb.internal:9101"))
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { SslOptions = TrustOf("/etc/tls/ca.pem"), EnableMultipleHttp2Connections = true })
            .AddInterceptor<LoggingInterceptor>();
    }

    public static void GrpcAfter(IServiceCollection services)
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri("https://rocksdb.internal:9101");
            options.Tls.CaCertificatePath = "/etc/tls/ca.pem";
        })
            .AddInterceptor<LoggingInterceptor>();
    }

    public static void TokensBefore(IServiceCollection services)
    {
        services.AddGrpcClient<Uploads.UploadsClient>(options => options.Address = new Uri("https://files.internal"))
            .AddCallCredentials((context, metadata, provider) =>
            {
                metadata.Add("authorization", $"Bearer {provider.GetRequiredService<UserToken>().Value}");
                return Task.CompletedTask;
            });
    }

    public static void TokensAfter(IServiceCollection services)
    {
        services.AddPooledGrpcClient<Uploads.UploadsClient>(options => options.Address = new Uri("https://files.internal"))
            .AsScoped()
            .AddCallCredentials((context, metadata, provider) =>
            {
                metadata.Add("authorization", $"Bearer {provider.GetRequiredService<UserToken>().Value}");
                return Task.CompletedTask;
            });
    }

    public static void PropagationBefore(IServiceCollection services)
    {
        services.AddGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("https://rocksdb.internal:9101"))
            .EnableCallContextPropagation(options => options.SuppressContextNotFoundErrors = true);
    }

    public static void PropagationAfter(IServiceCollection services)
    {
        services.AddGrpc(options => options.Interceptors.Add<CallDeadlineInterceptor>());
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
    }

    public static void NamedBefore(IServiceCollection services)
    {
        services.AddGrpcClient<KeyValue.KeyValueClient>("replica", options => options.Address = new Uri("https://replica.internal:9101"));
    }

    public static void NamedAfter(IServiceCollection services)
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>("replica", options => options.Address = new Uri("https://replica.internal:9101"));
    }

    public static void HttpBefore(IServiceCollection services)
    {
        services.AddHttpClient("uploads", client =>
        {
            client.BaseAddress = new Uri("https://api.internal/");
            client.Timeout = TimeSpan.FromSeconds(30);
        }).AddStandardResilienceHandler();
    }

    public static void HttpAfter(IServiceCollection services)
    {
        services.AddPooledHttpClient("uploads", options =>
        {
            options.BaseAddress = new Uri("https://api.internal/");
            options.Deadline = TimeSpan.FromSeconds(30);
        });
    }

    public static void RefitAfter(IServiceCollection services)
    {
        services.AddPooledHttpClient("stock", options => options.BaseAddress = new Uri("https://stock.internal/"))
            .AddTypedClient(client => RestService.For<IStockApi>(client));
    }

    public static void HttpTokensAfter(IServiceCollection services)
    {
        services.AddPooledHttpClient("files").AsScoped().AddHttpMessageHandler(provider => new TokenHandler(provider.GetRequiredService<UserToken>()));
    }

    private static SslClientAuthenticationOptions TrustOf(string path) => throw new NotSupportedException(path);

    public interface IStockApi
    {
        [Get("/stock/{item}")]
        Task<string> CountAsync(string item);
    }

    public sealed record UserToken(string Value);

    public sealed class TokenHandler(UserToken token) : DelegatingHandler
    {
        public UserToken Token => token;
    }

    public sealed class LoggingInterceptor : Interceptor;
}
