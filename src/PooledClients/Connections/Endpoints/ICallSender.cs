namespace PooledClients.Connections.Endpoints;

/// <summary>What a call was given to: one connection, or the runtime's own pool of them. It counts the call until <see cref="Exit"/>.</summary>
internal interface ICallSender
{
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken);

    /// <summary>The call is no longer inside <see cref="SendAsync"/>, nor will be.</summary>
    void Exit();
}
