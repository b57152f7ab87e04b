using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Picking;

public sealed class EndpointPickerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Pick_NoneReady_IsNone()
        => Assert.Null(new EndpointPicker<FakeEndpoint>([], EndpointPolicy.LeastLoaded).Pick(isStream: false));

    [Fact]
    public void Pick_SlowOne_GetsNoCallsBesideIdleOnes()
    {
        var endpoints = Create(5);
        Slow(endpoints[2]);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);

        Assert.DoesNotContain(endpoints[2], Enumerable.Range(0, 1_000).Select(_ => picker.Pick(isStream: false)));
    }

    [Fact]
    public void Pick_EqualOnes_SpreadEvenly()
    {
        var endpoints = Create(5);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);
        for (var i = 0; i < 5_000; i++)
        {
            picker.Pick(isStream: false)!.Load.Begin(isStream: false, 0);
        }

        Assert.All(endpoints, static endpoint => Assert.InRange(endpoint.Load.Picks, 900, 1_100));
    }

    [Fact]
    public void Pick_IdleOnes_TakeEachInTurn()
    {
        var endpoints = Create(5);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);
        var picked = Enumerable.Range(0, 100).Select(_ => picker.Pick(isStream: false)!).ToArray();

        Assert.All(endpoints, endpoint => Assert.Equal(20, picked.Count(one => one == endpoint)));
    }

    [Theory]
    [InlineData(EndpointPolicy.LeastLoaded)]
    [InlineData(EndpointPolicy.RoundRobin)]
    public void Pick_EjectedOneIsOwed_IsTriedBySpareCallsAlone(EndpointPolicy policy)
    {
        var endpoints = Create(2);
        for (var i = 0; i < 5; i++)
        {
            endpoints[0].Ejection.Report(EndpointOutcome.Failed, static () => true);
        }

        var picker = new EndpointPicker<FakeEndpoint>(endpoints[1..], policy);
        picker.Owe(null, endpoints[0]);

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Same(endpoints[1], picker.Pick(isStream: false)));
        Assert.Single(Enumerable.Range(0, 10).Select(_ => picker.Pick(isStream: false, isSpare: true)), endpoints[0]);
    }

    [Theory]
    [InlineData(EndpointPolicy.LeastLoaded)]
    [InlineData(EndpointPolicy.RoundRobin)]
    [InlineData(EndpointPolicy.PickFirst)]
    public void Pick_AfterAnotherAttempt_IsAnotherWhereThereIsOne(EndpointPolicy policy)
    {
        var endpoints = Create(3);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, policy);
        Assert.All(endpoints, endpoint => Assert.DoesNotContain(endpoint, Enumerable.Range(0, 100).Select(_ => picker.Pick(isStream: false, endpoint))));

        var alone = new EndpointPicker<FakeEndpoint>(endpoints[..1], policy);
        Assert.Same(endpoints[0], alone.Pick(isStream: false, endpoints[0]));
    }

    [Fact]
    public void Pick_RoundRobin_TakesEachInTurn()
    {
        var endpoints = Create(4);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.RoundRobin);
        for (var i = 0; i < 400; i++)
        {
            picker.Pick(isStream: false)!.Load.Begin(isStream: false, 0);
        }

        Assert.All(endpoints, static endpoint => Assert.Equal(100, endpoint.Load.Picks));
    }

    [Fact]
    public void Pick_EjectedOne_IsLeftOutAndProbedByOneCall()
    {
        var endpoints = Create(2);
        for (var i = 0; i < 5; i++)
        {
            endpoints[0].Ejection.Report(EndpointOutcome.Failed, static () => true);
        }

        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Same(endpoints[1], picker.Pick(isStream: false)));

        _time.Advance(TimeSpan.FromSeconds(1));
        endpoints[0].Ejection.Tick();
        Assert.Single(Enumerable.Range(0, 100).Select(_ => picker.Pick(isStream: false)), endpoints[0]);
    }

    [Fact]
    public void Pick_OwedOne_GetsOneCallThoughItIsSlow()
    {
        var endpoints = Create(3);
        Slow(endpoints[1]);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);
        picker.Owe(endpoints[1]);

        Assert.Single(Enumerable.Range(0, 100).Select(_ => picker.Pick(isStream: false)), endpoints[1]);
    }

    [Fact]
    public void Pick_WhilePickersAreExchanged_FindsOneAndNeverOneThatLeft()
    {
        var all = Create(8);
        var picker = new EndpointPicker<FakeEndpoint>(all, EndpointPolicy.LeastLoaded);
        using var stop = new CancellationTokenSource();
        var wrong = 0;
        var threads = Enumerable.Range(0, 64).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var current = Volatile.Read(ref picker);
                var picked = current.Pick(isStream: false);
                wrong += picked is null || !current.Ready.Contains(picked) ? 1 : 0;
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        for (var swap = 0; swap < 1_000; swap++)
        {
            var left = swap % all.Length;
            Volatile.Write(ref picker, new EndpointPicker<FakeEndpoint>([.. all.Where((_, index) => index != left)], EndpointPolicy.LeastLoaded));
        }

        stop.Cancel();
        threads.ForEach(static thread => thread.Join());
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Pick_Any_AllocatesNothing()
    {
        var picker = new EndpointPicker<FakeEndpoint>(Create(5), EndpointPolicy.LeastLoaded);
        Pick(picker, 1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pick(picker, 1_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Pick(EndpointPicker<FakeEndpoint> picker, int times)
        {
            for (var i = 0; i < times; i++)
            {
                picker.Pick(isStream: false);
            }
        }
    }

    [Theory]
    [InlineData(false, EndpointPolicy.LeastLoaded)]
    [InlineData(true, EndpointPolicy.LeastLoaded)]
    [InlineData(false, EndpointPolicy.RoundRobin)]
    [InlineData(true, EndpointPolicy.RoundRobin)]
    public void Pick_NewOne_GetsItsShareOfAShare(bool isStream, EndpointPolicy policy)
    {
        var endpoints = Create(6);
        endpoints[5].Load.Tick(share: 0.5, typicalSeconds: 0.005, 0, _time);
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, policy);
        var picked = Enumerable.Range(0, 6_000).Select(_ => picker.Pick(isStream)!).ToArray();

        Assert.InRange(picked.Count(one => one == endpoints[5]), 350, 650);
    }

    [Fact]
    public void Pick_OneWhoseTimeIsOverIsOwed_IsGivenAnyCall()
    {
        var endpoints = Create(3);
        for (var i = 0; i < 5; i++)
        {
            endpoints[0].Ejection.Report(EndpointOutcome.Failed, static () => true);
            endpoints[0].Load.Begin(isStream: false, 0);
            endpoints[0].Load.End(EndpointOutcome.Failed, TimeSpan.FromMilliseconds(1), 0.005, 0);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        endpoints[0].Ejection.Tick();
        var picker = new EndpointPicker<FakeEndpoint>(endpoints, EndpointPolicy.LeastLoaded);
        picker.Owe(endpoints[0]);

        Assert.Same(endpoints[0], picker.Pick(isStream: false));
    }

    private FakeEndpoint[] Create(int count) => [.. Enumerable.Range(0, count).Select(_ => new FakeEndpoint(_time))];

    private static void Slow(FakeEndpoint endpoint)
    {
        for (var i = 0; i < 2; i++)
        {
            endpoint.Load.Begin(isStream: false, 0);
            endpoint.Load.End(EndpointOutcome.Answered, TimeSpan.FromMilliseconds(100), 0.005, 0);
        }
    }
}
