using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.Tests.Connections.Endpoints.Resolving;

public sealed class EndpointRefresherRaceTests
{
    [Fact]
    public async Task ChangeToken_FiresWhileTheNextAnswerIsFollowed_HoldsUpNobody()
    {
        var time = new FakeTimeProvider();
        var resolver = new ChangingResolver();
        using var refresher = new EndpointRefresher(
            resolver, new Uri("https://service.test"), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), time, static _ => { }, static _ => { });
        using var over = new CancellationTokenSource();
        var firing = Task.Run(
            () =>
            {
                while (!over.IsCancellationRequested)
                {
                    resolver.Fire();
                }
            },
            TestContext.Current.CancellationToken);

        var asking = Task.Run(
            () =>
            {
                for (var i = 0; i < 10_000; i++)
                {
                    refresher.Use();
                    time.Advance(EndpointRefresher.LeastGap);
                }
            },
            TestContext.Current.CancellationToken);

        await asking.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await over.CancelAsync();
        await firing.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a link has nothing to dispose.")]
    private sealed class ChangingResolver : IEndpointResolver
    {
        private CancellationTokenSource _changed = new();

        public void Fire()
        {
            using var changed = Interlocked.Exchange(ref _changed, new CancellationTokenSource());
            changed.Cancel();
        }

        public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
        {
            try
            {
                return new(new ResolvedEndpoints([new IPEndPoint(IPAddress.Loopback, 1)]) { ChangeToken = new CancellationChangeToken(Volatile.Read(ref _changed).Token) });
            }
            catch (ObjectDisposedException)
            {
                return new(new ResolvedEndpoints([new IPEndPoint(IPAddress.Loopback, 1)]));
            }
        }
    }
}
