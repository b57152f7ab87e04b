using System.Net.Sockets;
using Grpc.Core;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Tests.Connections.Descriptors;

public sealed class LocalFaultTests
{
    public static TheoryData<Exception> Disguises =>
    [
        new SocketException(23),
        new SocketException(24),
        new SocketException(-131074),
        new SocketException((int)SocketError.TooManyOpenSockets),
        new IOException("Too many open files", 24),
        new FileNotFoundException("Could not load file or assembly.", "System.Net.Mail, Version=10.0.0.0, Culture=neutral"),
        new HttpRequestException("Too many open files in system", new SocketException(23)),
        new RpcException(new Status(StatusCode.Unavailable, "Error starting gRPC call.", new HttpRequestException("", new SocketException(24)))),
        new AggregateException(new InvalidOperationException(), new SocketException(24)),
    ];

    public static TheoryData<Exception> OthersFaults =>
    [
        new SocketException((int)SocketError.ConnectionRefused),
        new SocketException((int)SocketError.HostNotFound),
        new IOException("The connection was reset."),
        new FileNotFoundException("No such file.", "/etc/tls/ca.pem"),
        new RpcException(new Status(StatusCode.Unavailable, "")),
    ];

    [Theory]
    [MemberData(nameof(Disguises), DisableDiscoveryEnumeration = true)]
    public void IsOutOfDescriptors_OfADisguise_IsTrue(Exception exception)
    {
        Assert.True(LocalFault.IsOutOfDescriptors(exception));
        Assert.True(LocalFault.IsLocal(exception));
    }

    [Theory]
    [MemberData(nameof(OthersFaults), DisableDiscoveryEnumeration = true)]
    public void IsLocal_OfAnothersFault_IsFalse(Exception exception) => Assert.False(LocalFault.IsLocal(exception));

    [Fact]
    public void IsLocal_OfTheBudget_IsTrueButDescriptorsAreLeft()
    {
        var exception = new HttpRequestException("", new ConnectionBudgetException("spent"));

        Assert.True(LocalFault.IsLocal(exception));
        Assert.False(LocalFault.IsOutOfDescriptors(exception));
    }
}
