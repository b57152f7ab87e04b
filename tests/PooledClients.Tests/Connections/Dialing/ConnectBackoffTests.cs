using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class ConnectBackoffTests
{
    [Fact]
    public void Fail_AgainAndAgain_SpacesDialsByTwentyToTwoHundredFiftyMilliseconds()
    {
        var backoff = new ConnectBackoff(new FakeTimeProvider());
        foreach (var expected in new[] { 20, 40, 80, 160, 208, 208 })
        {
            backoff.Fail(new IOException("refused"));

            // Give or take a fifth.
            Assert.InRange(backoff.RemainingGap().TotalMilliseconds, expected * 0.79, expected * 1.21);
        }
    }

    [Fact]
    public void RemainingGap_TimePasses_EndsAndKeepsTheFailure()
    {
        var time = new FakeTimeProvider();
        var backoff = new ConnectBackoff(time);
        backoff.Fail(new IOException("refused"));

        time.Advance(TimeSpan.FromMilliseconds(30));

        Assert.Equal(TimeSpan.Zero, backoff.RemainingGap());
        Assert.Equal("refused", backoff.Failure?.Exception.Message);
    }

    [Fact]
    public void Succeed_AfterFailures_StartsAnew()
    {
        var backoff = new ConnectBackoff(new FakeTimeProvider());
        backoff.Fail(new IOException());
        backoff.Fail(new IOException());

        backoff.Succeed();
        Assert.Null(backoff.Failure);
        Assert.Equal(TimeSpan.Zero, backoff.RemainingGap());

        backoff.Fail(new IOException());
        Assert.InRange(backoff.RemainingGap().TotalMilliseconds, 15, 25);
    }

    [Fact]
    public void Connected_BeforeAnAnswer_KeepsSpacingTheNextFailure()
    {
        var backoff = new ConnectBackoff(new FakeTimeProvider());
        backoff.Fail(new IOException("closed"));

        backoff.Connected();
        Assert.Null(backoff.Failure);
        Assert.Equal(TimeSpan.Zero, backoff.RemainingGap());

        backoff.Fail(new IOException("closed"));
        Assert.InRange(backoff.RemainingGap().TotalMilliseconds, 30, 50);
    }
}
