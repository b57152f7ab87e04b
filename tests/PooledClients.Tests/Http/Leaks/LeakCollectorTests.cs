using Microsoft.Extensions.Logging.Abstractions;
using PooledClients.Http.Leaks;
using PooledClients.TestBed.Streams;

namespace PooledClients.Tests.Http.Leaks;

public sealed class LeakCollectorTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly HttpPipeline _pipeline = new((_, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(new OpenBodyStream()) }));
    private readonly LeakCollector _collector;
    private int _collections;

    public LeakCollectorTests()
        => _collector = new LeakCollector(_pipeline.State.Registry, _pipeline.Time, NullLogger.Instance, () => _collections++);

    [Fact]
    public void BeginWait_NothingOpen_CollectsNothing()
    {
        _collector.BeginWait();
        _pipeline.Time.Advance(10 * Second);

        Assert.Equal(0, _collections);
    }

    [Fact]
    public async Task BeginWait_ResponsesOpen_CollectsAtOnceAndOnceASecondWhileSomebodyWaits()
    {
        using var response = await OpenAsync();

        _collector.BeginWait();
        _collector.BeginWait();
        Assert.Equal(1, _collections);

        _pipeline.Time.Advance(Second);
        Assert.Equal(2, _collections);
        _collector.EndWait();
        _pipeline.Time.Advance(Second);
        Assert.Equal(3, _collections);

        _collector.EndWait();
        _pipeline.Time.Advance(10 * Second);
        Assert.Equal(3, _collections);
    }

    [Fact]
    public async Task Watch_SomebodyWaitsUnseen_CollectsOnceASecondWhileSoAndLooksNoMoreWhenNobodyCan()
    {
        using var response = await OpenAsync();
        bool? isShort = false;
        var looks = 0;
        _collector.Watch(() =>
        {
            looks++;
            return isShort;
        });
        _pipeline.Time.Advance(2 * Second);
        Assert.Equal((2, 0), (looks, _collections));

        isShort = true;
        _pipeline.Time.Advance(Second);
        _pipeline.Time.Advance(Second);
        Assert.Equal((4, 2), (looks, _collections));

        isShort = null;
        _pipeline.Time.Advance(10 * Second);
        Assert.Equal((5, 2), (looks, _collections));
    }

    [Fact]
    public async Task BeginWait_OneWaitAfterAnother_StaysAtOnceASecond()
    {
        using var response = await OpenAsync();

        for (var i = 0; i < 10; i++)
        {
            _collector.BeginWait();
            _collector.EndWait();
        }

        Assert.Equal(1, _collections);
    }

    [Fact]
    public async Task BeginWait_ResponseOpensLater_CollectsThen()
    {
        _collector.BeginWait();
        using var response = await OpenAsync();

        _pipeline.Time.Advance(Second);

        Assert.Equal(1, _collections);
    }

    public void Dispose()
    {
        _collector.Dispose();
        _pipeline.Dispose();
    }

    private Task<HttpResponseMessage> OpenAsync()
        => _pipeline.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
}
