using System.Net;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class AddressMemoryTests
{
    private static readonly IPAddress[] Addresses = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"), IPAddress.Parse("10.0.0.3")];

    private readonly FakeTimeProvider _time = new();
    private readonly AddressMemory _memory;

    public AddressMemoryTests() => _memory = new AddressMemory(_time);

    [Fact]
    public void Order_OneFailed_ComesLastAndTheOthersKeepTheirOrder()
    {
        Try(0).End();

        Assert.Equal([Addresses[1], Addresses[2], Addresses[0]], Order());
        Assert.Equal(Addresses, _memory.Order(Addresses, port: 444));
    }

    [Fact]
    public void Order_AllFailed_BeginsWithTheOneWhoseFailureIsLongestAgo()
    {
        foreach (var index in (int[])[1, 0, 2])
        {
            Try(index).End();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([Addresses[1], Addresses[0], Addresses[2]], Order());
    }

    [Fact]
    public void Order_AfterASuccessOrAMinute_IsTheNamesOwn()
    {
        Try(0).End();
        var second = Try(0);
        second.Succeed();
        second.End();
        Assert.Equal(Addresses, Order());

        Try(0).End();
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(Addresses, Order());
    }

    [Fact]
    public void Late_WhileAnotherHasNotFailed_AsksForItOnce()
    {
        var asked = 0;
        var first = Try(0, () => asked++);
        first.Late();
        first.Late();
        Assert.Equal(1, asked);
        Assert.Equal(Addresses[1], Order()[0]);

        Try(1).End();
        Try(2, () => asked++).Late();
        Assert.Equal(1, asked);
    }

    [Fact]
    public void Late_AfterItHasSucceeded_IsNothing()
    {
        var trial = Try(0, static () => Assert.Fail("It is over."));
        trial.Succeed();
        trial.Late();

        Assert.Equal(Addresses, Order());
    }

    private IReadOnlyList<IPAddress> Order() => _memory.Order(Addresses, port: 443);

    private AddressTrial Try(int index, Action? late = null) => _memory.Try(new IPEndPoint(Addresses[index], 443), Addresses, late ?? (static () => { }));
}
