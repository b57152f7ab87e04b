using System.Diagnostics.CodeAnalysis;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Balancer;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.Grpc.Balancing;

/// <summary>
/// Resolves by a <see cref="ResolverFactory"/> of Grpc.Net.Client that the application registered for the scheme of the address.
/// </summary>
/// <remarks>
/// What such a factory is given can be made by a channel only, so there is one that never carries a call: its balancer does nothing, and what
/// the resolver tells the channel is taken on the way.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a link has nothing to dispose.")]
internal sealed class BalancerResolver(IServiceProvider services) : IEndpointResolver, IDisposable
{
    private static readonly BalancerAttributesKey<string> HostOverride = new("HostOverride");

    private readonly Lock _lock = new();

    // Guarded by _lock. _answer completes with the first result, and is exchanged by the next one that differs; _changed is cancelled by it.
    private GrpcChannel? _channel;
    private Resolver? _resolver;
    private TaskCompletionSource<ResolvedEndpoints> _answer = CreateAnswer();
    private CancellationTokenSource _changed = new();

    public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
    {
        GrpcChannel? made;
        Resolver? resolver;
        Task<ResolvedEndpoints> answer;
        lock (_lock)
        {
            made = _channel is null ? _channel = CreateChannel(address) : null;
            resolver = _resolver;

            // A failure was told once: who asks again waits for what comes of it.
            _answer = _answer.Task.IsFaulted && made is null ? CreateAnswer() : _answer;
            answer = _answer.Task;
        }

        if (made is not null)
        {
            // It never connects, since its balancer makes no subchannel; the request has the resolver start.
            _ = made.ConnectAsync(CancellationToken.None).ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        else
        {
            resolver?.Refresh();
        }

        return new(answer.WaitAsync(cancellationToken));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _channel?.Dispose();
        }
    }

    private static TaskCompletionSource<ResolvedEndpoints> CreateAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GrpcChannel CreateChannel(Uri address)
    {
        var provider = new ServiceCollection();
        foreach (var factory in services.GetServices<ResolverFactory>())
        {
            provider.AddSingleton<ResolverFactory>(new TappedFactory(factory, this));
        }

        provider.AddSingleton<LoadBalancerFactory>(new NoBalancerFactory());
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.SecureSsl,
            HttpHandler = new SocketsHttpHandler(),
            DisposeHttpClient = true,
            ServiceConfig = new ServiceConfig { LoadBalancingConfigs = { new LoadBalancingConfig(NoBalancerFactory.PolicyName) } },
            DisableResolverServiceConfig = true,
            ServiceProvider = provider.BuildServiceProvider(),
        });
    }

    private void Take(ResolverResult result)
    {
        CancellationTokenSource changed;
        lock (_lock)
        {
            if (result.Addresses is not { } addresses)
            {
                _answer.TrySetException(new RpcException(result.Status));
                return;
            }

            var changeSource = new CancellationTokenSource();
            var last = _answer.Task.IsCompletedSuccessfully ? _answer.Task.Result : null;
            var resolved = Read(addresses, ConfigOf(result, last), new CancellationChangeToken(changeSource.Token));
            if (last is not null && AreSame(last, resolved))
            {
                return;
            }

            // Told anew only where it differs: who is told asks again, and is told again.
            (changed, _changed) = (_changed, changeSource);
            _answer = _answer.Task.IsCompleted ? CreateAnswer() : _answer;
            _answer.SetResult(resolved);
        }

        changed.Cancel();
    }

    // One that could not be read leaves the last one in force (gRFC A21).
    private static string? ConfigOf(ResolverResult result, ResolvedEndpoints? last) =>
        result.ServiceConfigStatus is { StatusCode: not StatusCode.OK } ? last?.ServiceConfig
        : result.ServiceConfig is { } config ? ServiceConfigText.Write(config)
        : null;

    private static ResolvedEndpoints Read(IReadOnlyList<BalancerAddress> addresses, string? serviceConfig, CancellationChangeToken changeToken)
    {
        var hosts = addresses.Select(static address => address.Attributes.TryGetValue(HostOverride, out var host) ? host : null).Distinct().ToArray();
        return new ResolvedEndpoints(addresses.Select(address => EndPointOf(address, hasOwnHost: hosts.Length > 1)))
        {
            ChangeToken = changeToken,
            HostOverride = hosts is [{ } host] ? host : null,
            ServiceConfig = serviceConfig,
        };
    }

    // Where hosts differ each goes with its endpoint.
    private static EndPoint EndPointOf(BalancerAddress address, bool hasOwnHost)
    {
        var socket = IPAddress.TryParse(address.EndPoint.Host, out var literal)
            ? new IPEndPoint(literal, address.EndPoint.Port)
            : (EndPoint)new DnsEndPoint(address.EndPoint.Host, address.EndPoint.Port);
        return hasOwnHost && address.Attributes.TryGetValue(HostOverride, out var host) && host is not null ? new ServiceEndPoint(socket, host, isSecure: null) : socket;
    }

    private static bool AreSame(ResolvedEndpoints one, ResolvedEndpoints other) =>
        one.EndPoints.SequenceEqual(other.EndPoints) && one.HostOverride == other.HostOverride && one.ServiceConfig == other.ServiceConfig;

    private sealed class TappedFactory(ResolverFactory inner, BalancerResolver owner) : ResolverFactory
    {
        public override string Name => inner.Name;

        public override Resolver Create(ResolverOptions options) => new Tapped(inner.Create(options), owner);
    }

    private sealed class Tapped(Resolver inner, BalancerResolver owner) : Resolver
    {
        public override void Start(Action<ResolverResult> listener)
        {
            lock (owner._lock)
            {
                owner._resolver = inner;
            }

            inner.Start(result =>
            {
                owner.Take(result);
                listener(result);
            });
        }

        public override void Refresh() => inner.Refresh();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class NoBalancerFactory : LoadBalancerFactory
    {
        public const string PolicyName = "pooled_clients_addresses";

        public override string Name => PolicyName;

        public override LoadBalancer Create(LoadBalancerOptions options) => new NoBalancer();
    }

    private sealed class NoBalancer : LoadBalancer
    {
        public override void UpdateChannelState(ChannelState state)
        {
        }

        public override void RequestConnection()
        {
        }
    }
}
