using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Diagnostics;

namespace PooledClients.Tests.Diagnostics;

public sealed class DescriptorCensusTests
{
    [Fact]
    public void AddTo_WithSocketsOpened_TellsThemByKindAndByHowManyMore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kinds are told on Linux only.");
        var time = new FakeTimeProvider();
        using var census = new DescriptorCensus(time);
        var before = Of(census, "socket");
        Socket[] sockets = [.. Enumerable.Range(0, 50).Select(static _ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
        time.Advance(TimeSpan.FromSeconds(20));

        var after = Of(census, "socket");

        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        // Other tests of this process open and close sockets meanwhile.
        Assert.InRange(after.Open - before.Open, 30, 70);
        Assert.InRange(after.Change, 30, 70);
        Assert.Equal(TimeSpan.FromSeconds(20), after.ChangedOver);
        Assert.True(Of(census, "file").Open > 10);
    }

    [Fact]
    public void AddTo_AskedOverAndOver_CountsOnceASecond()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Kinds are told on Linux only.");
        var time = new FakeTimeProvider();
        var counted = 0;
        using var census = new DescriptorCensus(time, () => [++counted, 0, 0, 0, 0, 0]);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(1, Of(census, "socket").Open);
        }

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((2, 1), (Of(census, "socket").Open, Of(census, "socket").Change));
        Assert.Equal(2, counted);
    }

    private static DescriptorKindSnapshot Of(DescriptorCensus census, string kind)
    {
        var builder = new SnapshotBuilder();
        census.AddTo(builder);
        return builder.DescriptorKinds.Single(one => one.Kind == kind);
    }
}
