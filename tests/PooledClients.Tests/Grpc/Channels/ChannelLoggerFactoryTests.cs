using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using PooledClients.Grpc.Channels;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc.Channels;

public sealed class ChannelLoggerFactoryTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Call_OfAChannelThatLogs_StartsAnActivityUnlessItsLoggersAreOurs(bool ours, bool startsActivity)
    {
        Activity.Current = null;
        using var inner = LoggerFactory.Create(logging => logging.AddProvider(new FakeLoggerProvider()));
        using var loggers = ours ? new ChannelLoggerFactory(inner) : inner;
        Activity? seen = null;
        using var server = new MemoryServer((request, cancellationToken) =>
        {
            seen = Activity.Current;
            return MemoryServer.Ok(new GetResponse())(request, cancellationToken);
        });
        using var channel = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions { HttpHandler = server, LoggerFactory = loggers });

        await new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest(), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(startsActivity, seen is not null);
    }

    [Fact]
    public async Task Call_ThatFails_IsStillLogged()
    {
        using var provider = new FakeLoggerProvider();
        using var inner = LoggerFactory.Create(logging => logging.AddProvider(provider));
        using var loggers = new ChannelLoggerFactory(inner);
        using var server = new MemoryServer(MemoryServer.Throw(() => new InvalidOperationException("broken")));
        using var channel = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions { HttpHandler = server, LoggerFactory = loggers });

        await Assert.ThrowsAsync<RpcException>(
            async () => await new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest(), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains(provider.Collector.GetSnapshot(), static record => record.Message.Contains("broken", StringComparison.Ordinal));
    }
}
