using PooledClients.Diagnostics;

namespace PooledClients.Tests.Diagnostics;

public sealed class TroubleFinderTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Find_WithAllWell_FindsNothing() => Assert.Empty(Find(static _ => { }));

    [Theory]
    [InlineData(1, true, TroubleSeverity.Degraded)]
    [InlineData(4, true, TroubleSeverity.Degraded)]
    [InlineData(4, false, null)]
    public void Find_WithConnectsThatWait_TellsTheBudgetFromTheAddressesOwnCap(int open, bool forBudget, TroubleSeverity? expected)
    {
        var troubles = Find(snapshot => snapshot.Pools.Add(new() { Address = "https://a", Connections = open, Waiting = 3, WaitsForBudget = forBudget, Limit = 4, OldestWait = TimeSpan.FromSeconds(2) }));

        Assert.Equal(expected, troubles.SingleOrDefault()?.Severity);
    }

    [Fact]
    public void Find_WithThousandsOfDeadAddresses_TellsTheWorstAndHowManyMore()
    {
        var troubles = Find(snapshot =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                snapshot.Unreachable.Add(new()
                {
                    Address = $"https://{i}",
                    DownSince = Now.AddHours(-1),
                    Failures = 7,
                    LastFailureAt = i == 999 ? Now : Now.AddMinutes(-30),
                    LastError = "Connection refused",
                    NextTryAt = Now,
                });
            }
        });

        Assert.Equal(21, troubles.Count);
        Assert.Contains("https://999 ", troubles[0].What, StringComparison.Ordinal);
        Assert.Contains("980 more", troubles[^1].What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9, 1, null)]
    [InlineData(10, 1, TroubleSeverity.Degraded)]
    [InlineData(600, 120, TroubleSeverity.Notice)]
    public void Find_WithAnAddressThatIsDown_DegradesAfterTenSecondsWhileSomebodyTries(int seconds, int lastTry, TroubleSeverity? expected)
    {
        var troubles = Find(snapshot => snapshot.Unreachable.Add(new()
        {
            Address = "https://a",
            DownSince = Now.AddSeconds(-seconds),
            Failures = 7,
            LastFailureAt = Now.AddSeconds(-lastTry),
            LastError = "Connection refused",
            NextTryAt = Now,
        }));

        Assert.Equal(expected, troubles.SingleOrDefault()?.Severity);
        Assert.All(troubles, static trouble => Assert.Contains("Connection refused", trouble.What, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://kv (10.0.0.2:443)", TroubleSeverity.Notice)]
    [InlineData("https://kv", TroubleSeverity.Notice)]
    [InlineData("https://other", TroubleSeverity.Degraded)]
    public void Find_WithAnEndpointThatIsDown_LeavesHealthToTheOthers(string address, TroubleSeverity expected)
    {
        var troubles = Find(snapshot =>
        {
            snapshot.Endpoints.Add(new() { Service = "https://kv", EndPoint = "10.0.0.1:443", State = "Ready" });
            snapshot.Endpoints.Add(new() { Service = "https://kv", EndPoint = "10.0.0.2:443", State = "Connecting" });
            snapshot.Unreachable.Add(new()
            {
                Address = address,
                DownSince = Now.AddSeconds(-60),
                Failures = 7,
                LastFailureAt = Now.AddSeconds(-1),
                LastError = "Connection refused",
                NextTryAt = Now,
            });
        });

        Assert.Equal(expected, Assert.Single(troubles).Severity);
    }

    [Theory]
    [InlineData("Ready", "Ready", "Ejected", null)]
    [InlineData("Idle", "Connecting", "Idle", null)]
    [InlineData("Probing", "TransientFailure", "Ejected", TroubleSeverity.Degraded)]
    [InlineData("Ready", "TransientFailure", "NotServing", TroubleSeverity.Degraded)]
    public void Find_WithOverHalfOfTheEndpointsOut_IsDegraded(string first, string second, string third, TroubleSeverity? expected)
    {
        var troubles = Find(snapshot => snapshot.Endpoints.AddRange(
            new[] { first, second, third }.Select(static (state, index) => new EndpointSnapshot { Service = "https://kv", EndPoint = $"10.0.0.{index}:443", State = state })));

        Assert.Equal(expected, troubles.SingleOrDefault()?.Severity);
        Assert.All(troubles, static trouble => Assert.Contains("2 of the 3 endpoints of https://kv", trouble.What, StringComparison.Ordinal));
    }

    [Fact]
    public void Find_WithSeveral_HasTheWorstFirst()
    {
        var troubles = Find(static snapshot =>
        {
            snapshot.OpenResponses.Add(new() { Client = "api", Method = "GET", Uri = "https://a/x", HeldFor = TimeSpan.FromHours(1), UnreadFor = TimeSpan.FromMinutes(1), Origin = "Repo.Load" });
            snapshot.Breakers.Add(new() { Address = "https://a", Kind = "http", State = "Open", OpenUntil = Now.AddSeconds(1) });
            snapshot.Breakers.Add(new() { Address = "https://b", Kind = "grpc", State = "HalfOpen" });
            snapshot.Descriptors = new() { Open = 990, Limit = 1000, Source = "test", Reserved = 0, Connections = 10, Budget = 500 };
        });

        Assert.Equal(["descriptors", "breaker", "response"], troubles.Select(static trouble => trouble.Kind));
        Assert.Equal([TroubleSeverity.Unhealthy, TroubleSeverity.Degraded, TroubleSeverity.Notice], troubles.Select(static trouble => trouble.Severity));
        Assert.All(troubles, static trouble => Assert.NotEmpty(trouble.WayOut));
        Assert.Contains("Repo.Load", troubles[2].What, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_WithHeldResponsesOfWhichOneIsSampled_NamesItsCallerForAllOfTheRoute()
    {
        var troubles = Find(static snapshot =>
        {
            for (var i = 0; i < 5; i++)
            {
                snapshot.OpenResponses.Add(new() { Client = "api", Method = "GET", Uri = "https://a/x", HeldFor = TimeSpan.FromHours(1), UnreadFor = TimeSpan.FromMinutes(1), Origin = i == 0 ? "Repo.Load" : null });
                snapshot.OpenStreams.Add(new() { Address = "https://b", Method = "kv/Scan", HeldFor = TimeSpan.FromMinutes(1), UnreadFor = TimeSpan.FromMinutes(1), Origin = i == 4 ? "Repo.Watch" : null });
            }
        });

        Assert.Equal(2, troubles.Count);
        Assert.Contains(troubles, static trouble => trouble.What.StartsWith("5 responses", StringComparison.Ordinal) && trouble.What.EndsWith("sent by Repo.Load", StringComparison.Ordinal));
        Assert.Contains(troubles, static trouble => trouble.What.Contains("5 streams", StringComparison.Ordinal) && trouble.What.EndsWith("made by Repo.Watch", StringComparison.Ordinal));
    }

    private static IReadOnlyList<TroubleSnapshot> Find(Action<SnapshotBuilder> fill)
    {
        var builder = new SnapshotBuilder();
        fill(builder);
        return builder.Build(Now, []).Troubles;
    }
}
