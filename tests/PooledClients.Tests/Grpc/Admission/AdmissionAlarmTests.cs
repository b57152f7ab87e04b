using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Admission;

namespace PooledClients.Tests.Grpc.Admission;

public sealed class AdmissionAlarmTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _log = new();
    private readonly CallAdmission _admission;
    private readonly AdmissionAlarm _alarm;

    public AdmissionAlarmTests()
    {
        _admission = new CallAdmission(new AdmissionOptions { Mode = AdmissionMode.Fixed, MaxCallsInFlight = 1 }, 1, _time);
        _alarm = new AdmissionAlarm(_admission, "https://shop:1", _time, _log);
        Assert.True(_admission.TryEnter());
    }

    [Fact]
    public async Task Set_CallsWaitOn_TellsWhileTheyDo()
    {
        using var first = new CancellationTokenSource();
        var waits = (First: Wait(first.Token), Second: Wait(CancellationToken.None));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("one has waited for 1 s, 2 wait now", Assert.Single(_log.Collector.GetSnapshot()).Message, StringComparison.Ordinal);

        await first.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => waits.First);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("one has waited for 2 s, 1 wait now", _log.LatestRecord.Message, StringComparison.Ordinal);

        _admission.Exit();
        await waits.Second;
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2, _log.Collector.Count);
    }

    [Fact]
    public async Task Set_EachWaitIsShort_TellsNothing()
    {
        for (var i = 0; i < 20; i++)
        {
            var wait = Wait(CancellationToken.None);
            _time.Advance(TimeSpan.FromMilliseconds(300));
            _admission.Exit();
            await wait;
        }

        Assert.Equal(0, _log.Collector.Count);
    }

    [Fact]
    public void Dispose_CallsWaitOn_TellsNothingMore()
    {
        _ = Wait(CancellationToken.None);
        _alarm.Dispose();

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(0, _log.Collector.Count);
    }

    public void Dispose()
    {
        _alarm.Dispose();
        _admission.Dispose();
    }

    private async Task Wait(CancellationToken token)
    {
        var entry = _admission.EnterAsync(token);
        _alarm.Set();
        await entry;
    }
}
