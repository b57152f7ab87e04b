using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks.Contenders;

/// <summary>Every way to get a stub, side by side in one process, against one server or one handler in memory.</summary>
internal sealed class GrpcContenders : IDisposable
{
    private readonly ServiceProvider _factory;
    private readonly ServiceProvider _pooled;
    private readonly Func<HttpMessageHandler> _handler;

    public GrpcContenders(ServerAddress server)
        : this(server, () => Handlers.Create(server.CaPem), memory: null)
    {
    }

    /// <summary>Sets them up over a handler that answers in memory.</summary>
    public GrpcContenders(Func<DelegatingHandler> memory)
        : this(new ServerAddress("http://localhost:1", string.Empty), memory, memory)
    {
    }

    private GrpcContenders(ServerAddress server, Func<HttpMessageHandler> handler, Func<DelegatingHandler>? memory)
    {
        _handler = handler;
        Address = new Uri(server.Url);
        Channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler(), DisposeHttpClient = true });
        Raw = new KeyValue.KeyValueClient(Channel);

        var services = new ServiceCollection();
        services.AddGrpcClient<KeyValue.KeyValueClient>(options => options.Address = Address).ConfigurePrimaryHttpMessageHandler(handler);
        _factory = services.BuildServiceProvider();
        Factory = _factory.GetRequiredService<KeyValue.KeyValueClient>();

        services = new ServiceCollection();
        var pooled = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = Address;
            options.Tls.CaCertificatePem = server.CaPem.Length > 0 ? server.CaPem : null;
        });
        if (memory is not null)
        {
            pooled.AddHttpMessageHandler(memory);
        }

        _pooled = services.BuildServiceProvider();
        Pooled = _pooled.GetRequiredService<KeyValue.KeyValueClient>();
    }

    public Uri Address { get; }

    public GrpcChannel Channel { get; }

    public KeyValue.KeyValueClient Raw { get; }

    public KeyValue.KeyValueClient Factory { get; }

    public KeyValue.KeyValueClient Pooled { get; }

    public IServiceProvider FactoryServices => _factory;

    public IServiceProvider PooledServices => _pooled;

    /// <summary>Dials: a channel and a handler for one call.</summary>
    public GrpcChannel Dial() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = _handler(), DisposeHttpClient = true });

    /// <summary>The services of a pooled client alone.</summary>
    public static ServiceProvider Pool(ServerAddress server, Action<PooledGrpcClientOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri(server.Url);
            options.Tls.CaCertificatePem = server.CaPem;
            configure?.Invoke(options);
        });
        return services.BuildServiceProvider();
    }

    public void Dispose()
    {
        Channel.Dispose();
        _factory.Dispose();
        _pooled.Dispose();
    }
}
