using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;

namespace PooledClients.Tests.Readme;

/// <summary>Every C# block of docs/testing.md and of the package's readme, word for word, so that it compiles.</summary>
internal static class TestingExamples
{
    public static void Fakes(IServiceCollection services)
    {
        services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(new FakeKeyValue());
        services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>("replica", new FakeKeyValue());   // a client that was added by name
    }

    public static async Task ServerInMemoryAsync()
    {
        await using var stock = await StartServerAsync();   // a WebApplication with UseTestServer() and AddGrpc()
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(web => web.ConfigureTestServices(
            services => services.UsePooledClientsInMemory(stock.GetTestServer().CreateHandler())));
        using var client = factory.CreateClient();
    }

    public static void Readme(IServiceCollection services, TestServer server)
    {
        services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(new FakeKeyValue());            // one client is a fake
        services.UsePooledClientsInMemory(server.CreateHandler());                                // all clients call a TestServer
    }

    public static void OneClient(IServiceCollection services, TestServer server)
    {
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => server.CreateHandler());
    }

    private static Task<WebApplication> StartServerAsync() => throw new NotSupportedException();

    private sealed class Program;

    internal sealed class FakeKeyValue : KeyValue.KeyValueClient
    {
        public override AsyncUnaryCall<GetResponse> GetAsync(
            GetRequest request, Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default)
            => new(Task.FromResult(new GetResponse { Found = true }), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }
}
