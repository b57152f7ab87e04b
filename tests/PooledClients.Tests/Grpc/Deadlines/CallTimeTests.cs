using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Deadlines;

namespace PooledClients.Tests.Grpc.Deadlines;

public sealed class CallTimeTests
{
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Remaining_RequestThatWasSentLater_CountsFromTheCallsBeginning()
    {
        var scope = new FlowingCall("Method", DeadlineOrigin.Call, CallClock.Start(_time, Deadline), callSite: null);
        _time.Advance(TimeSpan.FromSeconds(4));

        var call = new CallTime(_time, Whole, scope);

        Assert.Equal(TimeSpan.FromSeconds(1), call.Remaining);
        Assert.Equal("5 s (set by the call)", call.ToString());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(call.IsOver);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(10, 10)]
    public void Remaining_SomebodyOnItsWaySetAnotherDeadline_IsThat(int told, int expected)
    {
        var scope = new FlowingCall("Method", DeadlineOrigin.Call, CallClock.Start(_time, Deadline), callSite: null);
        _time.Advance(TimeSpan.FromSeconds(4));

        Assert.Equal(TimeSpan.FromSeconds(expected), new CallTime(_time, TimeSpan.FromSeconds(told), scope).Remaining);
    }

    [Fact]
    public void Remaining_CallWithoutAClock_IsWhatTheRequestSays() =>
        Assert.Equal(Whole, new CallTime(_time, Whole, DeadlineOrigin.Call).Remaining);

    [Fact]
    public void Remaining_NoDeadline_IsNone() =>
        Assert.Null(new CallTime(_time, timeout: null, new FlowingCall("Method", null, CallClock.Start(_time, null), callSite: null)).Remaining);

    private DateTime Deadline => _time.GetUtcNow().UtcDateTime + Whole;
}
