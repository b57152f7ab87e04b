using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Http.Balancing;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

public sealed class EndpointSetTests : IDisposable
{
    private static readonly Uri Address = new("https://service.test");

    private readonly FakeTimeProvider _time = new();
    private readonly FakeResolver _resolver = new();
    private readonly ConcurrentDictionary<EndPoint, FakeConnections> _connections = new();
    private readonly EndpointSet _set;
    private bool _areReady = true;

    public EndpointSetTests()
    {
        var options = new EndpointOptions();
        _set = new EndpointSet(
            EndpointSettings.From(options, _resolver, Address),
            "https://service.test",
            Address,
            TimeSpan.FromSeconds(5),
            HttpEndpointOwner.Instance,
            (_, target, _) => _connections[target] = new FakeConnections { IsReady = _areReady },
            _time,
            NullLogger.Instance);
    }

    public void Dispose() => _set.Dispose();

    [Fact]
    public void Pick_SixtyFourThreadsOverAThousandChanges_FindsOneAndNeverOneThatLeft()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        _resolver.Set(At(0), At(1));
        Resolve();
        using var stop = new CancellationTokenSource();
        string? wrong = null;
        EndPoint[] gone = [];
        var threads = Enumerable.Range(0, 64).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var left = Volatile.Read(ref gone);
                var picked = _set.Pick(isStream: false);

                // What came back meanwhile may be picked.
                if (picked is null || (left.Contains(picked.Target) && ReferenceEquals(left, Volatile.Read(ref gone))))
                {
                    wrong ??= picked is null ? "none while one is ready" : $"{picked}, which had left";
                }
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        for (var change = 0; change < 1_000 && wrong is null; change++)
        {
            var next = Enumerable.Range(0, 8).Where(_ => random.Next(2) == 0).Append(8).Select(At).ToArray();

            // What comes back is not gone any more before it may be picked, and what left is gone only once the set knows.
            Volatile.Write(ref gone, [.. gone.Except(next)]);
            _resolver.Set(next);
            Resolve();
            Volatile.Write(ref gone, [.. Enumerable.Range(0, 8).Select(At).Except(next)]);
        }

        stop.Cancel();
        threads.ForEach(static thread => thread.Join());
        Assert.True(wrong is null, $"Picked {wrong} (seed {seed}).");
    }

    [Fact]
    public void Pick_OneIsSlowAndOneFails_EveryReadyOneGetsACallWithinTwoSeconds()
    {
        _resolver.Set([.. Enumerable.Range(0, 5).Select(At)]);
        Resolve();
        var lastPick = _set.All.ToDictionary(static endpoint => endpoint, _ => _time.GetTimestamp());
        for (var i = 0; i < 6_000; i++)
        {
            var picked = _set.Pick(isStream: false)!;
            lastPick[picked] = _time.GetTimestamp();
            var index = _set.All.ToList().IndexOf(picked);
            picked.Begin(isStream: false, _time.GetTimestamp());
            _time.Advance(TimeSpan.FromMilliseconds(5));
            picked.End(isStream: false, index == 1 ? EndpointOutcome.Failed : EndpointOutcome.Answered, _time.GetTimestamp() - (index == 0 ? 20 * 50_000 : 50_000));
            foreach (var endpoint in _set.All.Where(static endpoint => endpoint.Ejection.State == EndpointHealth.Well))
            {
                Assert.True(_time.GetElapsedTime(lastPick[endpoint]) <= TimeSpan.FromSeconds(2), $"{endpoint} had no call for {_time.GetElapsedTime(lastPick[endpoint])}.");
            }

            // One that is left out is due only once it is back.
            foreach (var endpoint in _set.All.Where(static endpoint => endpoint.Ejection.State != EndpointHealth.Well))
            {
                lastPick[endpoint] = _time.GetTimestamp();
            }
        }

        var picks = _set.All.Select(static endpoint => endpoint.Load.Picks).ToArray();
        Assert.All(picks[2..], static count => Assert.InRange(count, 1_500, 2_500));
        Assert.InRange(picks[0], 10, 180);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(5, 1)]
    public void Pick_SomeAreTwentyTimesSlower_GetNextToNothing(int count, int slow)
    {
        _resolver.Set([.. Enumerable.Range(0, count).Select(At)]);
        Resolve();
        var slowOnes = _set.All.Take(slow).ToArray();
        for (var i = 0; i < 4_000; i++)
        {
            Call(slowOnes.Contains, TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);
        }

        Assert.All(slowOnes, static endpoint => Assert.InRange(endpoint.Load.Picks, 5, 60));
    }

    [Theory]
    [InlineData(3, 5, 0)]
    [InlineData(200, 16, 14)]
    public void Pick_FewCallsOrManySlowOnes_ForgetsNobody(int perSecond, int count, int slow)
    {
        _resolver.Set([.. Enumerable.Range(0, count).Select(At)]);
        Resolve();
        var slowOnes = _set.All.Take(slow).ToArray();
        for (var i = 0; i < 20 * perSecond; i++)
        {
            Call(slowOnes.Contains, TimeSpan.FromSeconds(1) / perSecond, EndpointOutcome.Answered);
        }

        Assert.All(_set.All, static endpoint => Assert.InRange(endpoint.Load.Picks, 5, long.MaxValue));
    }

    [Fact]
    public void Pick_HurtOneOfCallsThatAreMadeOnce_IsBackWithinFiveSeconds()
    {
        _resolver.Set([.. Enumerable.Range(0, 5).Select(At)]);
        Resolve();
        var hurt = _set.All[0];
        for (var i = 0; i < 4_000; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(5), EndpointOutcome.Failed, hurt);
        }

        var before = hurt.Load.Picks;
        for (var i = 0; i < 1_000; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);
        }

        // The time that it is out has doubled to no more than it was hurt for; a tenth of the calls after that.
        Assert.True(hurt.Ejection.EjectedFor < TimeSpan.FromSeconds(20));
        for (var i = 0; i < 4_000 && hurt.Load.Picks - before < 100; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);
        }

        Assert.InRange(hurt.Load.Picks - before, 100, 1_000);
    }

    [Fact]
    public void Pick_AnEndpointThatJoins_HasATenthOfTheCallsWithinTwoSeconds()
    {
        _resolver.Set([.. Enumerable.Range(0, 5).Select(At)]);
        Resolve();
        for (var i = 0; i < 200; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);
        }

        _resolver.Set([.. Enumerable.Range(0, 6).Select(At)]);
        Resolve();
        var joined = _set.All.Single(endpoint => endpoint.Target.Equals(At(5)));
        for (var i = 0; i < 200; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(10), EndpointOutcome.Answered);
        }

        var ramped = joined.Load.Picks;
        for (var i = 0; i < 200; i++)
        {
            Call(static _ => false, TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);
        }

        Assert.InRange(ramped, 5, 40);
        Assert.InRange(joined.Load.Picks - ramped, 20, 50);
    }

    [Fact]
    public void Pick_ABurstBeforeTheOthersAreReady_LeavesThemTheirShare()
    {
        _areReady = false;
        _resolver.Set(At(0), At(1));
        Resolve();
        _connections[At(0)].IsReady = true;
        _set.Changed();
        var first = 0;
        for (; first < 200 && _set.Pick(isStream: false) is { } picked; first++)
        {
            picked.Begin(isStream: false, 0);
            picked.End(isStream: false, EndpointOutcome.Answered, 0);
        }

        Assert.InRange(first, 10, 60);
        _time.Advance(TimeSpan.FromMilliseconds(300));
        Assert.NotNull(_set.Pick(isStream: false));
    }

    [Fact]
    public void Pick_NoneIsReady_IsNoneUntilOneIs()
    {
        _resolver.Set(At(0));
        Resolve();
        _connections[At(0)].IsReady = false;
        _set.Changed();
        Assert.Null(_set.Pick(isStream: false));

        _connections[At(0)].IsReady = true;
        _set.Changed();
        Assert.NotNull(_set.Pick(isStream: false));
    }

    [Fact]
    public async Task WaitAsync_NothingIsKnown_EndsWithTheFirstAnswer()
    {
        var waiting = _set.WaitAsync(isStream: false, waitsForReady: true, TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);

        _resolver.Set(At(3));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(At(3), (await waiting)!.Target);
    }

    [Fact]
    public async Task WaitAsync_ManyWaitForTheFirst_LeaveTheOthersTheirShare()
    {
        _areReady = false;
        _resolver.Set([.. Enumerable.Range(0, 5).Select(At)]);
        var calls = Enumerable.Range(0, 100).Select(_ => CallAsync()).ToArray();
        Resolve();
        for (var i = 0; i < 5; i++)
        {
            var last = i == 4;
            _connections[At(i)].IsReady = true;
            _set.Changed();
            await WaitForAsync(() => calls.Count(static call => call.IsCompleted) is var done && (last ? done == 100 : done >= 15 * (i + 1)));
        }

        Assert.All(_set.All, static endpoint => Assert.InRange(endpoint.Load.Picks, 10, 40));

        async Task CallAsync()
        {
            var endpoint = await _set.WaitAsync(isStream: false, waitsForReady: true, TestContext.Current.CancellationToken);
            endpoint!.Begin(isStream: false, 0);
        }
    }

    [Fact]
    public async Task WaitAsync_OthersDoNotComeUp_WaitForThemNoLongerThanAMoment()
    {
        _areReady = false;
        _resolver.Set([.. Enumerable.Range(0, 5).Select(At)]);
        var calls = Enumerable.Range(0, 20).Select(_ => CallAsync()).ToArray();
        Resolve();
        _connections[At(0)].IsReady = true;
        _set.Changed();
        await WaitForAsync(() => calls.Any(static call => call.IsCompleted));
        Assert.Contains(calls, static call => !call.IsCompleted);

        await WaitForAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return calls.All(static call => call.IsCompleted);
        });

        async Task CallAsync()
        {
            var endpoint = await _set.WaitAsync(isStream: false, waitsForReady: true, TestContext.Current.CancellationToken);
            endpoint!.Begin(isStream: false, 0);
        }
    }

    [Fact]
    public void All_AThousandEndpoints_AreTwentyOfThem()
    {
        _resolver.Set([.. Enumerable.Range(0, 1_000).Select(At)]);
        Resolve();

        Assert.Equal(20, _set.All.Count);
        Assert.Equal(20, _connections.Count);
    }

    private void Call(Func<Endpoint, bool> isSlow, TimeSpan gap, EndpointOutcome outcome, Endpoint? only = null)
    {
        var picked = _set.Pick(isStream: false)!;
        picked.Begin(isStream: false, _time.GetTimestamp());
        _time.Advance(gap);
        picked.End(isStream: false, only is null || picked == only ? outcome : EndpointOutcome.Answered, _time.GetTimestamp() - (isSlow(picked) ? 1_000_000 : 50_000));
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private static EndPoint At(int index) => new IPEndPoint(new IPAddress([10, 0, (byte)(index / 256), (byte)(index % 256)]), 443);

    // A resolver is asked no more than once a second, while there are calls.
    private void Resolve()
    {
        _set.Pick(isStream: false);
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
