using Microsoft.Extensions.Http;

namespace PooledClients.Http.Handlers;

/// <summary>The factory's builder with other services: those of what is made once for all callers, or those of a caller's scope.</summary>
internal sealed class GivenServicesBuilder(HttpMessageHandlerBuilder inner, IServiceProvider services) : HttpMessageHandlerBuilder
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
