using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Deadlines;
using RocksDb.V1;

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

    // The channel tells the server more than it was told itself, by less than the last of three figures.
    [Theory]
    [InlineData(0.777)]
    [InlineData(2.341)]
    [InlineData(9.991)]
    [InlineData(12.341)]
    [InlineData(99.91)]
    [InlineData(123.41)]
    [InlineData(2345.67)]
    public async Task IsOver_TheChannelsTimerFires_IsSo(double seconds)
    {
        using var server = new MemoryServer(MemoryServer.Ok(new PutResponse()));
        using var fixture = new PipelineFixture(server);
        await fixture.Client.PutAsync(new PutRequest(), deadline: DateTime.UtcNow.AddSeconds(seconds), cancellationToken: TestContext.Current.CancellationToken);

        var call = new CallTime(_time, GrpcTimeoutHeader.Read(Assert.Single(server.Requests)), DeadlineOrigin.Call);
        Assert.False(call.IsOver);
        _time.Advance(TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(14));

        Assert.True(call.IsOver, $"{call.Remaining}");
    }

    [Fact]
    public void Remaining_CallWithoutAClock_IsWhatTheRequestSays() =>
        Assert.Equal(Whole, new CallTime(_time, Whole, DeadlineOrigin.Call).Remaining);

    [Fact]
    public void Remaining_NoDeadline_IsNone() =>
        Assert.Null(new CallTime(_time, timeout: null, new FlowingCall("Method", null, CallClock.Start(_time, null), callSite: null)).Remaining);

    private DateTime Deadline => _time.GetUtcNow().UtcDateTime + Whole;
}
