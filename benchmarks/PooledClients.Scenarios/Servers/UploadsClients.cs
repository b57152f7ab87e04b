using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Servers;

/// <summary>
/// A contender's HTTP clients, built by the first upload, once the bench watches. The others await it: a host that starts while every
/// thread of the pool waits for it would not get the one it needs.
/// </summary>
internal sealed class UploadsClients(Func<HttpClients> build) : IAsyncDisposable
{
    private readonly Lazy<Task<HttpClients>> _clients = new(() => Task.Run(build));

    public Task<HttpClients> GetAsync() => _clients.Value;

    public async ValueTask DisposeAsync()
    {
        if (_clients.IsValueCreated)
        {
            await (await _clients.Value).DisposeAsync();
        }
    }
}
