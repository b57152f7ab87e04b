using Microsoft.Extensions.Http;

namespace PooledClients.Http.Handlers;

/// <summary>The factory's builder, with the services of what is made once for all callers in place of those of a scope that no caller has.</summary>
internal sealed class RootHandlerBuilder(HttpMessageHandlerBuilder inner, IServiceProvider services) : HttpMessageHandlerBuilder
{
    public override string? Name
    {
        get => inner.Name;
        set => inner.Name = value!;
    }

    public override IServiceProvider Services => services;

    public override IList<DelegatingHandler> AdditionalHandlers => inner.AdditionalHandlers;

    public override HttpMessageHandler PrimaryHandler
    {
        get => inner.PrimaryHandler;
        set => inner.PrimaryHandler = value;
    }

    public override HttpMessageHandler Build() => inner.Build();
}
