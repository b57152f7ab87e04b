using System.Net.Sockets;
using Microsoft.Extensions.Logging.Testing;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class LocalFaultRetryTests : IDisposable
{
    private readonly GateFixture _fixture = new();
    private readonly FakeLogger<LocalFaultRetry> _logger = new();
    private int _attempts;

    private LocalFaultRetry Retry => new(_fixture.Time, _fixture.Gate, _fixture.Metrics, _logger);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task RunAsync_OutOfDescriptors_TriesAgainAfter10MillisecondsDoublingToASecond()
    {
        var running = Retry.RunAsync("https://a:1", _ => FailAsync<int>(new SocketException(24)), CancellationToken.None).AsTask();
        Assert.Equal(1, _attempts);

        foreach (var delay in (int[])[10, 20, 40, 80, 160, 320, 640, 1000, 1000])
        {
            var before = _attempts;
            _fixture.Time.Advance(TimeSpan.FromMilliseconds(delay - 1));
            Assert.Equal(before, _attempts);
            _fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(SpinWait.SpinUntil(() => _attempts == before + 1, TimeSpan.FromSeconds(30)));
        }

        Assert.False(running.IsCompleted);
        Assert.Equal(403, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
    }

    [Fact]
    public async Task RunAsync_OnceDescriptorsAreBack_GivesTheConnection()
    {
        var running = Retry.RunAsync("https://a:1", _ => _attempts < 2 ? FailAsync<int>(new SocketException(24)) : new ValueTask<int>(7), CancellationToken.None).AsTask();

        while (!running.IsCompleted)
        {
            _fixture.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.Equal(7, await running);
    }

    [Fact]
    public async Task RunAsync_OnTheServersFault_DoesNotTryAgain()
    {
        var refused = new SocketException((int)SocketError.ConnectionRefused);

        var thrown = await Assert.ThrowsAsync<SocketException>(() => Retry.RunAsync("https://a:1", _ => FailAsync<int>(refused), CancellationToken.None).AsTask());

        Assert.Same(refused, thrown);
        Assert.Equal(1, _attempts);
    }

    [Fact]
    public async Task RunAsync_WhenNoCallWaitsAnyMore_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        var running = Retry.RunAsync("https://a:1", _ => FailAsync<int>(new SocketException(24)), cancellation.Token).AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(1, _attempts);
    }

    private async ValueTask<T> FailAsync<T>(Exception exception)
    {
        Interlocked.Increment(ref _attempts);
        await Task.CompletedTask;
        throw exception;
    }
}
