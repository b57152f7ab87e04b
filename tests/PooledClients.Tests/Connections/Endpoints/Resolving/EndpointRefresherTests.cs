using System.Net;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.Tests.Connections.Endpoints.Resolving;

public sealed class EndpointRefresherTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedResolver _resolver = new();
    private readonly List<ResolvedEndpoints> _updates = [];
    private readonly List<Exception?> _failures = [];
    private readonly EndpointRefresher _refresher;

    public EndpointRefresherTests() => _refresher = new EndpointRefresher(
        _resolver, new Uri("https://service.test"), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), _time, _updates.Add, _failures.Add);

    public void Dispose() => _refresher.Dispose();

    [Fact]
    public void Use_First_AsksAtOnceAndAgainAtEachIntervalWhileUsed()
    {
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        Assert.Equal((1, 1), (_resolver.Asked, _updates.Count));

        _refresher.Use();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(2, _resolver.Asked);

        // Nobody uses it: it is not asked any more, until somebody does.
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(2, _resolver.Asked);
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        Assert.Equal(3, _resolver.Asked);
    }

    [Fact]
    public void Refresh_ManyLosses_AsksAtOnceThenOnceASecond()
    {
        _refresher.Use();
        _time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 100; i++)
        {
            _refresher.Refresh();
            _time.Advance(TimeSpan.FromMilliseconds(20));
        }

        Assert.InRange(_resolver.Asked, 3, 4);
    }

    [Fact]
    public void Refresh_WhileAsked_AsksAgainAfterIt()
    {
        var pending = _resolver.Hold();
        _refresher.Refresh();
        _time.Advance(TimeSpan.Zero);
        _refresher.Refresh();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, _resolver.Asked);

        pending.SetResult(ScriptedResolver.Some);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _resolver.Asked);
    }

    [Fact]
    public void Ask_FailsOrFindsNothing_UpdatesNothingAndSaysSo()
    {
        _resolver.Answer = static () => throw new IOException("no such name");
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        _resolver.Answer = static () => new ResolvedEndpoints([]);
        _refresher.Use();
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Empty(_updates);
        Assert.Equal(["no such name", null], _failures.Select(static failure => failure?.Message));
    }

    [Fact]
    public void Ask_ResolverHangs_GivesUpAndAsksAgain()
    {
        _resolver.Hold();
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.IsAssignableFrom<OperationCanceledException>(Assert.Single(_failures));

        _refresher.Use();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(2, _resolver.Asked);
    }

    [Fact]
    public void ChangeToken_Fires_AsksAgain()
    {
        using var change = new CancellationTokenSource();
        _resolver.Answer = () => new ResolvedEndpoints(ScriptedResolver.Some.EndPoints) { ChangeToken = new CancellationChangeToken(change.Token) };
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        _resolver.Answer = static () => ScriptedResolver.Some;
        change.Cancel();
        _time.Advance(EndpointRefresher.LeastGap);

        Assert.Equal((2, 2), (_resolver.Asked, _updates.Count));
    }

    [Fact]
    public void Dispose_WhileAsked_UpdatesNothingAndSaysNothing()
    {
        var pending = _resolver.Hold();
        _refresher.Use();
        _time.Advance(TimeSpan.Zero);
        _refresher.Dispose();
        pending.SetResult(ScriptedResolver.Some);
        _refresher.Refresh();
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((1, 0, 0), (_resolver.Asked, _updates.Count, _failures.Count));
    }

    private sealed class ScriptedResolver : IEndpointResolver
    {
        public static readonly ResolvedEndpoints Some = new([new IPEndPoint(IPAddress.Loopback, 1)]);

        private TaskCompletionSource<ResolvedEndpoints>? _held;

        public int Asked { get; private set; }

        public Func<ResolvedEndpoints> Answer { get; set; } = static () => Some;

        public TaskCompletionSource<ResolvedEndpoints> Hold() => _held = new();

        public ValueTask<ResolvedEndpoints> ResolveAsync(Uri address, CancellationToken cancellationToken)
        {
            Asked++;
            if (Interlocked.Exchange(ref _held, null) is { } held)
            {
                return new(held.Task);
            }

            return new(Answer());
        }
    }
}
