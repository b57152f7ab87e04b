using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace PooledClients.Grpc.Balancing;

/// <summary>
/// Resolves by a <see cref="ResolverFactory"/> of Grpc.Net.Client that the application registered for the scheme of the address.
/// </summary>
/// <remarks>
/// What such a factory is given can be made by a channel only, so there is one that never carries a call: its balancer, ours, takes the
/// addresses and does nothing else.
/// </remarks>
internal sealed class BalancerResolver(IServiceProvider services) : IEndpointResolver, IDisposable
{
    private static readonly BalancerAttributesKey<string> HostOverride = new("HostOverride");

    private readonly Lock _lock = new();

    // Guarded by _lock. _next completes with the first state, and is exchanged by the next one; _changed is cancelled by it.
    private GrpcChannel? _channel;
    private IChannelControlHelper? _controller;
    private TaskCompletionSource<ResolvedEndpoints> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _changed = new();

    public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        GrpcChannel? made = null;
        Task<ResolvedEndpoints> answer;
        lock (_lock)
        {
            made = _channel is null ? _channel = CreateChannel(address) : null;
            answer = _next.Task;
        }

        if (made is not null)
        {
            // It never connects, since its balancer makes no subchannel; the request has the resolver start.
            _ = made.ConnectAsync(CancellationToken.None).ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        else
        {
            _controller?.RefreshResolver();
        }

        return new(answer.WaitAsync(cancellationToken));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _channel?.Dispose();
            _changed.Dispose();
        }
    }

    private GrpcChannel CreateChannel(Uri address)
    {
        var provider = new ServiceCollection();
        foreach (var factory in services.GetServices<ResolverFactory>())
        {
            provider.AddSingleton(factory);
        }

        provider.AddSingleton<LoadBalancerFactory>(new Factory(this));
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.SecureSsl,
            HttpHandler = new SocketsHttpHandler(),
            DisposeHttpClient = true,
            ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig(Factory.PolicyName) } },
            DisableResolverServiceConfig = true,
            ServiceProvider = provider.BuildServiceProvider(),
        });
    }

    private void Update(ChannelState state)
    {
        CancellationTokenSource changed;
        lock (_lock)
        {
            var next = _next.Task.IsCompleted ? new TaskCompletionSource<ResolvedEndpoints>(TaskCreationOptions.RunContinuationsAsynchronously) : _next;
            (changed, _changed) = (_changed, new CancellationTokenSource());
            if (state.Addresses is { } addresses)
            {
                next.SetResult(Read(addresses, new CancellationChangeToken(_changed.Token)));
            }
            else
            {
                next.SetException(new RpcException(state.Status));
            }

            _next = next;
        }

        changed.Cancel();
        changed.Dispose();
    }

    private static ResolvedEndpoints Read(IReadOnlyList<BalancerAddress> addresses, CancellationChangeToken changeToken)
    {
        var hosts = addresses.Select(static address => address.Attributes.TryGetValue(HostOverride, out var host) ? host : null).Distinct().ToArray();
        return new ResolvedEndpoints(addresses.Select(static address => IPAddress.TryParse(address.EndPoint.Host, out var literal)
            ? new IPEndPoint(literal, address.EndPoint.Port)
            : (EndPoint)new DnsEndPoint(address.EndPoint.Host, address.EndPoint.Port)))
        {
            ChangeToken = changeToken,
            HostOverride = hosts is [{ } host] ? host : null,
        };
    }

    private sealed class Factory(BalancerResolver owner) : LoadBalancerFactory
    {
        public const string PolicyName = "pooled_clients_addresses";

        public override string Name => PolicyName;

        public override LoadBalancer Create(LoadBalancerOptions options)
        {
            owner._controller = options.Controller;
            return new Balancer(owner);
        }
    }

    private sealed class Balancer(BalancerResolver owner) : LoadBalancer
    {
        public override void UpdateChannelState(ChannelState state) => owner.Update(state);

        public override void RequestConnection()
        {
        }
    }
}
