using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Tests.Connections.Endpoints.Http2;

public sealed class DialDecisionTests
{
    [Theory]
    [InlineData(1, 0, 0, 0, 100, true)] // the first call
    [InlineData(64, 0, 0, 1, 100, false)] // the crowd behind it waits for what the first connection carries
    [InlineData(64, 1, 0, 0, 100, false)] // which is up and was not heard yet
    [InlineData(50, 1, 1, 0, 100, true)] // it is full
    [InlineData(100, 1, 1, 1, 100, false)] // the next one carries all who wait
    [InlineData(101, 1, 1, 1, 100, false)] // no more at a time than are up
    [InlineData(101, 2, 2, 1, 100, true)] // two may go on at a time where two are up
    [InlineData(100, 2, 2, 1, 100, false)] // where they are needed
    [InlineData(500, 10, 10, 0, 10, false)] // the cap
    [InlineData(199, 1, 1, 0, 1, true)] // a low limit
    [InlineData(198, 2, 2, 2, 1, false)]
    public void Dials_ByWhoWaitsAndWhatIsOnItsWay(int waiting, int up, int ready, int dialing, int limit, bool dials) =>
        Assert.Equal(dials, new DialDecision(waiting, up, ready, ClosedToAll: 0, Counted: up + dialing, dialing, Cap: 10, limit).Dials);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Dials_ServerTakesNoStream_AsksOnceMore(int closed, bool dials) =>
        Assert.Equal(dials, new DialDecision(40, closed, closed, closed, closed, Dialing: 0, Cap: 10, StreamLimit: 0).Dials);

    [Fact]
    public void Dials_ConnectionsPastTheirLifetime_DoNotCountTowardsTheCap() =>
        Assert.True(new DialDecision(1, Up: 1, Ready: 1, ClosedToAll: 0, Counted: 0, Dialing: 0, Cap: 1, StreamLimit: 100).Dials);
}
