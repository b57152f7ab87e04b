using System.Runtime.CompilerServices;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.ServiceConfigs;

#pragma warning disable xUnit1051 // The ambient token is what is tested.

using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc.Calls;

public sealed class PolicyCallInvokerTests
{
    private const string Config = """
        { "methodConfig": [
            { "name": [{ "service": "rocksdb.v1.KeyValue", "method": "Put" }], "timeout": "7s", "waitForReady": true },
            { "name": [{ "service": "rocksdb.v1.KeyValue" }], "timeout": "8s" } ] }
        """;

    private readonly RecordingInvoker _channel = new();

    public sealed record Case(string Name, Action<PooledGrpcClientOptions> Configure, double? Put, double? Scan = null, int? Stub = null, int? Call = null, int? Ambient = null)
    {
        public override string ToString() => Name;
    }

    public static TheoryData<Case> Deadlines =>
    [
        new Case("default", _ => { }, 30),
        new Case("client", o => o.Deadline = TimeSpan.FromSeconds(3), 3),
        new Case("client has none", o => o.Deadline = null, null),
        new Case("client has none, said so", o => o.Deadline = Timeout.InfiniteTimeSpan, null),
        new Case("streams", o => o.StreamingDeadline = TimeSpan.FromSeconds(90), 30, 90),
        new Case("service config", o => o.ServiceConfig = Config, 7, 8),
        new Case("method by name", o => o.Methods["Put"] = Of(5), 5),
        new Case("method by full name", o => o.Methods["rocksdb.v1.KeyValue/Put"] = Of(6), 6),
        new Case("full name over name", o => (o.Methods["Put"], o.Methods["rocksdb.v1.KeyValue/Put"]) = (Of(5), Of(6)), 6),
        new Case("method over service config", o => (o.ServiceConfig, o.Methods["Put"]) = (Config, Of(5)), 5, 8),
        new Case("streaming method", o => o.Methods["Scan"] = Of(4), 30, 4),
        new Case("method has none", o => o.Methods["Put"] = new GrpcMethodOptions { Deadline = Timeout.InfiniteTimeSpan }, null),
        new Case("stub over method", o => o.Methods["Put"] = Of(5), 2, 2, Stub: 2),
        new Case("call over stub", _ => { }, 1, 1, Stub: 2, Call: 1),
        new Case("longer call over client", _ => { }, 600, 600, Call: 600),
        new Case("smaller ambient", _ => { }, 9, 9, Ambient: 9),
        new Case("larger ambient", _ => { }, 30, 99, Ambient: 99),
        new Case("ambient under call", _ => { }, 9, 9, Call: 10, Ambient: 9),
    ];

    [Theory]
    [MemberData(nameof(Deadlines))]
    public void Deadline_ByWhoSetIt_TheClosestWinsAndTheAmbientBounds(Case @case)
    {
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(server, @case.Configure, _channel, @case.Stub is { } stub ? TimeSpan.FromSeconds(stub) : null);
        var now = fixture.Time.GetUtcNow().UtcDateTime;
        DateTime? own = @case.Call is { } call ? now.AddSeconds(call) : null;

        using (@case.Ambient is { } ambient ? CallDeadline.Begin(now.AddSeconds(ambient)) : null)
        {
            fixture.Client.PutAsync(new PutRequest(), deadline: own, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(@case.Put, (_channel.Last.Deadline - now)?.TotalSeconds);

            fixture.Client.Scan(new ScanRequest(), deadline: own, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(@case.Scan, (_channel.Last.Deadline - now)?.TotalSeconds);
        }
    }

    [Theory]
    [InlineData(false, null, null, false)]
    [InlineData(true, null, null, true)]
    [InlineData(false, true, null, true)]
    [InlineData(true, false, null, false)]
    [InlineData(false, null, Config, true)]
    [InlineData(false, false, Config, false)]
    public void WaitForReady_ByWhoSetIt_TheClosestWins(bool client, bool? method, string? config, bool expected)
    {
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(
            server, o => (o.WaitForReady, o.Methods["Put"], o.ServiceConfig) = (client, new GrpcMethodOptions { WaitForReady = method }, config), _channel);

        fixture.Put();

        Assert.Equal(expected, _channel.Last.IsWaitForReady);
    }

    [Fact]
    public void AllKinds_AmbientDeadlineAndCancellation_ReachTheChannel()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(server, channel: _channel);
        var deadline = fixture.Time.GetUtcNow().UtcDateTime.AddSeconds(1);

        using (CallDeadline.Begin(deadline, cancel.Token))
        {
            fixture.Client.PutAsync(new PutRequest());
            fixture.Client.Scan(new ScanRequest());
            fixture.Client.Load();
            fixture.Client.Exchange();
        }

        Assert.Equal(4, _channel.Calls.Count);
        Assert.All(_channel.Calls, call => Assert.Equal((deadline, cancel.Token), (call.Deadline, call.CancellationToken)));
    }

    [Fact]
    public void Call_WithItsOwnToken_IsCancelledByEither()
    {
        using var own = new CancellationTokenSource();
        using var ambient = new CancellationTokenSource();
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(server, channel: _channel);

        using (CallDeadline.Begin(DateTime.MaxValue, ambient.Token))
        {
            fixture.Client.PutAsync(new PutRequest(), cancellationToken: own.Token);
            fixture.Client.PutAsync(new PutRequest(), cancellationToken: own.Token);
        }

        ambient.Cancel();
        Assert.All(_channel.Calls, call => Assert.True(call.CancellationToken.IsCancellationRequested));
        Assert.False(own.IsCancellationRequested);
    }

    // The tokens may live for as long as the process does.
    [Theory]
    [InlineData(MethodType.Unary)]
    [InlineData(MethodType.ServerStreaming)]
    [InlineData(MethodType.ClientStreaming)]
    [InlineData(MethodType.DuplexStreaming)]
    public void Call_WithItsOwnTokenThatCannotBeMade_LetsGoOfBoth(MethodType kind)
    {
        using var own = new CancellationTokenSource();
        using var ambient = new CancellationTokenSource();
        using var server = new MemoryServer();
        var failing = new FailingInvoker(_channel, from: 1, new InvalidOperationException("No call today."));
        using var fixture = new PipelineFixture(server, channel: failing);

        using (CallDeadline.Begin(DateTime.MaxValue, ambient.Token))
        {
            Assert.Throws<InvalidOperationException>(() => (IDisposable)(kind switch
            {
                MethodType.Unary => fixture.Client.PutAsync(new PutRequest(), cancellationToken: own.Token),
                MethodType.ServerStreaming => fixture.Client.Scan(new ScanRequest(), cancellationToken: own.Token),
                MethodType.ClientStreaming => fixture.Client.Load(cancellationToken: own.Token),
                _ => fixture.Client.Exchange(cancellationToken: own.Token),
            }));
        }

        ambient.Cancel();
        own.Cancel();
        Assert.False(failing.Last.CancellationToken.IsCancellationRequested);
    }

    [Fact]
    public void InboundDeadline_AlreadyPassed_LeavesNothingUnobserved()
    {
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(server, channel: _channel);
        var seen = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, unobserved) =>
            seen += unobserved.Exception.InnerException is RpcException failure && failure.Status.Detail.Contains("set by the inbound call", StringComparison.Ordinal) ? 1 : 0;
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            FailByInboundDeadline(fixture);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.Equal(0, seen);
    }

    [Fact]
    public async Task InboundDeadline_AlreadyPassed_SaysSoAndSendsNothing()
    {
        using var server = new MemoryServer();
        using var fixture = new PipelineFixture(server, channel: _channel);

        using (CallDeadline.Begin(fixture.Time.GetUtcNow().UtcDateTime))
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Put().ResponseAsync);
            Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
            Assert.Contains("inbound", failure.Status.Detail, StringComparison.Ordinal);
        }

        Assert.Empty(_channel.Calls);
    }

    [Fact]
    public void Call_WhileItIsMade_TellsWhoSetItsDeadline()
    {
        CallScope? seen = null;
        using var server = new MemoryServer((request, _) =>
        {
            seen = CallScope.Of(request);
            return new TaskCompletionSource<HttpResponseMessage>().Task;
        });
        using var fixture = new PipelineFixture(server);

        fixture.Put();
        Assert.Equal("the client's Deadline option", seen?.Deadline?.ToString());
        Assert.Null(CallScope.Of(Assert.Single(server.Requests)));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FailByInboundDeadline(PipelineFixture fixture)
    {
        using (CallDeadline.Begin(fixture.Time.GetUtcNow().UtcDateTime))
        {
            fixture.Put();
        }
    }

    private static GrpcMethodOptions Of(int seconds) => new() { Deadline = TimeSpan.FromSeconds(seconds) };
}
