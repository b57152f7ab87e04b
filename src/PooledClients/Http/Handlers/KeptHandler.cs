using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Http.Handlers;

/// <summary>The primary handler of a scope's pipeline, which is not disposed with it: others send by it too.</summary>
internal sealed class KeptHandler(HttpMessageHandler primary) : DelegatingHandler(primary)
{
    [SuppressMessage("Usage", "CA2215", Justification = "The base class would dispose what others use.")]
    protected override void Dispose(bool disposing)
    {
    }
}
