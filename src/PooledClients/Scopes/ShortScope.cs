using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Scopes;

/// <summary>A scope of the library's own. It ends synchronously also where what was made in it can only be disposed asynchronously.</summary>
internal sealed class ShortScope(IServiceProvider services) : IDisposable
{
    private readonly AsyncServiceScope _scope = services.CreateAsyncScope();

    public IServiceProvider ServiceProvider => _scope.ServiceProvider;

    public void Dispose() => _scope.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
