using System.Net.Sockets;
using PooledClients.Diagnostics;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>A service of which no endpoint is known cannot be reached, and somebody is told.</summary>
public sealed class UnresolvedServiceTests
{
    private readonly FakeResolver _resolver = new() { Answer = static () => throw new SocketException((int)SocketError.HostNotFound) };

    [Fact]
    public void Resolve_FailsFromTheStart_DegradesUntilAnEndpointIsKnown()
    {
        using var service = new SimulatedService(perSecond: 10, resolver: _resolver);
        service.Run(TimeSpan.FromSeconds(15));

        var snapshot = Capture(service);
        Assert.Equal("https://service.test", Assert.Single(snapshot.Unreachable).Address);
        Assert.InRange(snapshot.Unreachable[0].Failures, 10, 16);
        var trouble = Assert.Single(snapshot.Troubles);
        Assert.Equal(("address", TroubleSeverity.Degraded), (trouble.Kind, trouble.Severity));

        _resolver.Answer = static () => [SimulatedService.At(0)];
        service.Run(TimeSpan.FromSeconds(3));

        Assert.Empty(Capture(service).Unreachable);
    }

    [Fact]
    public void Resolve_HasNoEndpoint_IsOutOfReach()
    {
        _resolver.Answer = static () => [];
        using var service = new SimulatedService(perSecond: 10, resolver: _resolver);
        service.Run(TimeSpan.FromSeconds(3));

        Assert.Contains("knows no endpoint", Assert.Single(Capture(service).Unreachable).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_FailsWhileEndpointsAreKnown_LeavesItToThem()
    {
        _resolver.Answer = static () => [SimulatedService.At(0)];
        using var service = new SimulatedService(perSecond: 10, resolver: _resolver);
        service.Run(TimeSpan.FromSeconds(3));
        _resolver.Answer = static () => throw new SocketException((int)SocketError.HostNotFound);
        var asked = _resolver.Asked;
        service.Set.Lost();
        service.Run(TimeSpan.FromSeconds(3));

        Assert.True(_resolver.Asked > asked);
        Assert.Empty(Capture(service).Unreachable);
    }

    [Fact]
    public void Dispose_OfASetThatIsOutOfReach_ForgetsIt()
    {
        var service = new SimulatedService(perSecond: 10, resolver: _resolver);
        service.Run(TimeSpan.FromSeconds(3));
        Assert.NotEmpty(Capture(service).Unreachable);

        service.Dispose();

        Assert.Empty(Capture(service).Unreachable);
    }

    private static PooledClientsSnapshot Capture(SimulatedService service)
    {
        var builder = new SnapshotBuilder { Descriptors = new() { Open = 1, Limit = 1024, Source = "test", Reserved = 0, Connections = 0, Budget = 1 } };
        service.Watch.AddTo(builder);
        return builder.Build(service.Time.GetUtcNow(), []);
    }
}
