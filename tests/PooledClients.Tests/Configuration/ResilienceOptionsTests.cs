using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Tests.Configuration;

/// <summary>Retries, their budget and the breaker read the same for both kinds of client, and each can be switched off.</summary>
public sealed class ResilienceOptionsTests
{
    [Fact]
    public void Budget_SwitchedOff_DoesNotRunOut()
    {
        var time = new FakeTimeProvider();
        var settings = RetryBudgetSettings.From(new RetryBudgetOptions { Enabled = false, Ratio = 0, PerSecond = 0 });
        var budget = new RetryBudget(time, settings.Ratio, settings.PerSecond);

        for (var second = 0; second < 60; second++)
        {
            Assert.All(Enumerable.Range(0, 1000), _ => Assert.True(budget.TryTake()));
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Breaker_SwitchedOff_IsNone()
        => Assert.Null(BreakerSettings.From(new BreakerOptions { Enabled = false }));

    [Fact]
    public void Retry_SwitchedOff_IsOneAttempt()
    {
        var options = new PooledGrpcClientOptions { Resilience = { Retry = { Enabled = false } } };

        Assert.Equal("1", OptionsInForce.Of(options)["Resilience:Retry:MaxAttempts"]);
    }

    [Fact]
    public void Defaults_OfBothKinds_ShareBreakerAndBudget()
    {
        var grpc = new GrpcResilienceOptions();
        var http = new HttpResilienceOptions();

        Assert.Equal(BreakerSettings.From(grpc.Breaker), BreakerSettings.From(http.Breaker));
        Assert.Equal(RetryBudgetSettings.From(grpc.RetryBudget), RetryBudgetSettings.From(http.RetryBudget));
    }
}
