namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>Calls that come while no endpoint is known.</summary>
public sealed class FailedLookUpTests
{
    private readonly FakeResolver _names = new() { Answer = static () => throw new IOException("no such name") };

    [Fact]
    public async Task WaitAsync_ALookUpHasFailedLongAgo_WaitsForItsOwn()
    {
        using var service = new SimulatedService(1, resolver: _names);
        Assert.Null(service.Set.Pick(isStream: false));
        service.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<IOException>(service.Set.Failure);
        service.Time.Advance(TimeSpan.FromMinutes(10));

        var answered = new TaskCompletionSource();
        (_names.Answer, _names.Held) = (static () => [SimulatedService.At(0)], answered.Task);
        var waiting = service.Set.WaitAsync(isStream: false, waitsForReady: false, TestContext.Current.CancellationToken).AsTask();
        answered.SetResult();

        Assert.NotNull(await waiting);
    }

    [Fact]
    public async Task WaitAsync_ItsOwnLookUpFails_FindsNone()
    {
        using var service = new SimulatedService(1, resolver: _names);
        for (var call = 0; call < 3; call++)
        {
            Assert.Null(await service.Set.WaitAsync(isStream: false, waitsForReady: false, TestContext.Current.CancellationToken));
            service.Time.Advance(TimeSpan.FromMinutes(1));
        }
    }
}
