using Microsoft.Extensions.Http;

namespace PooledClients.Http.Handlers;

/// <summary>Sees what others would put into a client's pipeline, and builds none.</summary>
internal sealed class ProbeHandlerBuilder(string name, IServiceProvider services) : HttpMessageHandlerBuilder
{
    private HttpMessageHandler? _primary;

    public override string? Name { get; set; } = name;

    public override IServiceProvider Services => services;

    public override IList<DelegatingHandler> AdditionalHandlers { get; } = [];

    /// <summary>Whether anybody set the primary handler, or took it to adjust it.</summary>
    public bool IsPrimaryTouched { get; private set; }

    // Who adjusts the primary handler finds one.
    public override HttpMessageHandler PrimaryHandler
    {
        get
        {
            IsPrimaryTouched = true;
            return _primary ??= new SocketsHttpHandler();
        }

        set
        {
            IsPrimaryTouched = true;
            _primary = value;
        }
    }

    public override HttpMessageHandler Build() => throw new NotSupportedException();
}
