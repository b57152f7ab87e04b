using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints;

namespace PooledClients.Tests.Connections.Endpoints;

public sealed class SilenceRuleTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void MayRetire_SilenceUnderASecond_IsNoProof()
    {
        var rule = new SilenceRule(_time);
        var since = _time.GetTimestamp();

        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(rule.MayRetire(since));

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(rule.MayRetire(since));
        Assert.True(rule.HasRetired);
    }

    [Fact]
    public void MayRetire_ReplacementsStaySilent_DoublesToAMinute()
    {
        var rule = new SilenceRule(_time);
        var since = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rule.MayRetire(since));

        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.False(rule.MayRetire(since));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(rule.MayRetire(since));
        }
    }

    [Fact]
    public void Answered_AfterTheInterval_StartsAnew()
    {
        var rule = new SilenceRule(_time);
        var since = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rule.MayRetire(since));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(rule.MayRetire(since));

        rule.Answered();
        Assert.True(rule.HasRetired);

        _time.Advance(TimeSpan.FromSeconds(2));
        rule.Answered();
        Assert.False(rule.HasRetired);
        Assert.True(rule.MayRetire(since));
    }
}
