using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;

namespace PooledClients.Scenarios.Contenders;

/// <summary>One plain channel with a resolver of all endpoints and <c>round_robin</c>, with the framework's retries or without.</summary>
internal sealed class RoundRobinChannel(string name, int? attempts) : GrpcContender(
    name, $"one GrpcChannel with a static resolver and round_robin, {(attempts is null ? "no retries" : $"retryPolicy of {attempts} attempts")}")
{
    public override GrpcClients Build(GrpcClientSettings settings)
    {
        var endpoints = settings.Endpoints.Select(static address => new Uri(address)).ToArray();
        var config = ServiceConfigs.Retries(attempts) ?? new ServiceConfig();
        config.LoadBalancingConfigs.Add(new RoundRobinConfig());
        var resolver = new StaticResolverFactory(_ => [.. endpoints.Select(static address => new BalancerAddress(address.Host, address.Port))]);
        var channel = GrpcChannel.ForAddress("static:///localhost", new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.SecureSsl,
            HttpHandler = Trust.GrpcHandler(Trust.Options(Trust.Read(settings.CaPath))),
            DisposeHttpClient = true,
            MaxRetryAttempts = attempts ?? 1,
            ServiceConfig = config,
            ServiceProvider = new ServiceCollection().AddSingleton<ResolverFactory>(resolver).BuildServiceProvider(),
        });
        return new Clients(channel);
    }

    private sealed class Clients(GrpcChannel channel) : GrpcClients
    {
        private readonly KeyValue.KeyValueClient _stub = new(channel);

        public override StubLease Take(int client) => new(_stub);

        public override ValueTask DisposeAsync()
        {
            channel.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
