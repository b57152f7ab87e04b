#pragma warning disable xUnit1051 // The ambient token is what is tested.

namespace PooledClients.Tests;

public sealed class CallDeadlineTests
{
    private static readonly DateTime Noon = new(2030, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Begin_FlowsThroughAsyncCode_AndEndsWithItsScope()
    {
        Assert.Null(CallDeadline.Current);
        using (CallDeadline.Begin(Noon))
        {
            await Task.Yield();
            Assert.Equal(Noon, await Task.Run(() => CallDeadline.Current, TestContext.Current.CancellationToken));
        }

        Assert.Null(CallDeadline.Current);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Begin_Nested_TheSmallerHolds(int hours)
    {
        using var outer = CallDeadline.Begin(Noon);
        using (CallDeadline.Begin(Noon.AddHours(hours)))
        {
            Assert.Equal(hours < 0 ? Noon.AddHours(hours) : Noon, CallDeadline.Current);
        }

        Assert.Equal(Noon, CallDeadline.Current);
    }

    [Fact]
    public void Begin_NestedWithoutAToken_KeepsTheOuterOne()
    {
        using var cancel = new CancellationTokenSource();
        using var outer = CallDeadline.Begin(DateTime.MaxValue, cancel.Token);
        using var inner = CallDeadline.Begin(Noon);

        Assert.Equal(cancel.Token, CallDeadline.Value?.CancellationToken);
    }

    [Fact]
    public void Suppress_TakesItAwayForAWhile()
    {
        using var outer = CallDeadline.Begin(Noon);
        using (CallDeadline.Suppress())
        {
            Assert.Null(CallDeadline.Current);
        }

        Assert.Equal(Noon, CallDeadline.Current);
    }

    [Fact]
    public void Begin_LocalTime_IsRefused() =>
        Assert.Throws<ArgumentException>(() => CallDeadline.Begin(new DateTime(2030, 1, 1, 12, 0, 0, DateTimeKind.Local)));

    [Fact]
    public void Begin_NoDeadline_HasNone()
    {
        using var scope = CallDeadline.Begin(DateTime.MaxValue);

        Assert.Null(CallDeadline.Current);
    }
}
