using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>What the OpenTelemetry SDK sees of connections, and of the waits for them.</summary>
public sealed class ConnectionInstrumentTests : MeasuredTest
{
    [Fact]
    public async Task Success_OfTheConnection_IsToldByPhaseAndBySubchannel()
    {
        await using var server = await TestServer.StartAsync();
        await using (var host = await StartAsync(server))
        {
            await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);

            string[] server1 = ["server.address=localhost", $"server.port={server.Port}", "pooledclients.kind=grpc"];
            foreach (var phase in (string[])["dns", "tcp", "tls"])
            {
                var connect = await Seen.WaitForAsync("pooledclients.connection.connect.duration", [.. server1, $"pooledclients.phase={phase}"]);
                Assert.Equal(("s", Waits), (connect.Unit, connect.Bounds));
            }

            await Seen.WaitForAsync("grpc.subchannel.connection_attempts_succeeded", $"grpc.target={Target(server)}");
            var open = await Seen.WaitForAsync("grpc.subchannel.open_connections", $"grpc.target={Target(server)}", "grpc.security_level=privacy_and_integrity");
            Assert.Equal(1, open.Value);
            await Seen.WaitForAsync("grpc.client.tls.handshakes", $"grpc.target={Target(server)}", "grpc.tls.handshake.result=SUCCESS");
            await Seen.WaitForAsync("pooledclients.tls.certificate.time_to_expiry", "pooledclients.tls.certificate.use=server", $"pooledclients.tls.certificate.source={Target(server)}");
            await Seen.WaitForAsync("pooledclients.breaker.state", $"server.port={server.Port}", "pooledclients.kind=grpc", "pooledclients.breaker.state=closed");
            await Seen.WaitForAsync("pooledclients.retry_budget", $"server.port={server.Port}", "pooledclients.kind=grpc");
        }

        await Seen.WaitForAsync("grpc.subchannel.disconnections", $"grpc.target={Target(server)}", "grpc.disconnect_error=subchannel shutdown");
        Assert.Equal(0, Mine("grpc.subchannel.open_connections", $"grpc.target={Target(server)}").Sum(static point => point.Value));
    }

    [Fact]
    public async Task Connection_OlderThanItsListener_IsNoneLessAtItsEnd()
    {
        await using var server = await TestServer.StartAsync();
        using var listener = new MeterListener();
        var measured = new ConcurrentQueue<(string Name, long Value)>();
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured.Enqueue((instrument.Name, value)));
        using var meters = new UnheardMeters();
        await using (var host = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<IMeterFactory>(meters);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
        }))
        {
            await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);
            listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name.StartsWith("grpc.subchannel.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.Start();
        }

        await Eventually.HoldsAsync(() => measured.Contains(("grpc.subchannel.disconnections", 1)));
        Assert.DoesNotContain(measured, static point => point.Name == "grpc.subchannel.open_connections");
    }

    [Fact]
    public async Task Restart_OfTheServer_IsADisconnectionAndAFailedConnect()
    {
        var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);
        var target = $"grpc.target={Target(server)}";
        var port = server.Port;

        await server.KillAsync();
        await Seen.WaitForAsync("grpc.subchannel.disconnections", target);
        Assert.DoesNotContain(Mine("grpc.subchannel.disconnections", target), static point => point.Has("grpc.disconnect_error=subchannel shutdown"));
        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token).ResponseAsync);
        await server.DisposeAsync();

        await Seen.WaitForAsync("grpc.subchannel.connection_attempts_failed", target);
        await Seen.WaitForAsync("pooledclients.connection.connect.duration", $"server.port={port}", "pooledclients.phase=tcp", "error.type=ConnectionRefused");
    }

    [Fact]
    public async Task GoAway_OfTheServer_IsTheReasonAndAnAttemptThatIsTransparent()
    {
        await using var server = new RawHttp2Server(static async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number == 1)
            {
                await connection.ReceiveCompleteAsync();
                await connection.SendGoAwayAsync(lastStreamId: 0, ErrorCode.EnhanceYourCalm);
            }

            await connection.ServeAsync();
        });
        await using var host = await StartAsync(server.Address);
        var target = $"grpc.target={server.Address.GetLeftPart(UriPartial.Authority)}";

        await host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token);

        var retries = await Seen.WaitForAsync("grpc.client.call.transparent_retries", "grpc.method=rocksdb.v1.KeyValue/Put", target);
        Assert.Equal(("{transparent_retry}", 6, 1, 2), (retries.Unit, retries.Bounds, retries.Value, retries.Attributes.Count));
        Assert.Empty(Mine("grpc.client.call.retries", target));
        var lost = await Seen.WaitForAsync("grpc.subchannel.disconnections", target, "grpc.disconnect_error=GOAWAY ENHANCE_YOUR_CALM");
        Assert.Equal(("{disconnection}", 1, 2), (lost.Unit, lost.Value, lost.Attributes.Count));
    }

    [Fact]
    public async Task GoAway_WhileACallGoesOn_IsInTheSnapshotOfItsConnection()
    {
        var saidGoodbye = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 7);
            var scan = await connection.ReceiveCompleteAsync();
            await connection.SendHeadersAsync(scan.StreamId);
            await connection.SendGoAwayAsync(scan.StreamId, ErrorCode.NoError);
            saidGoodbye.SetResult();
            await connection.Ended;
        });
        await using var host = await StartAsync(server.Address);
        using var stream = host.KeyValue.Scan(new ScanRequest(), cancellationToken: Token);
        await saidGoodbye.Task;

        await Eventually.HoldsAsync(() => host.Get<IPooledClientsDiagnostics>().Capture().Connections is [{ GoAwayCode: "NO_ERROR", Retired: true }]);
        var connection = Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Connections);
        Assert.Equal((1, 1, 7, 1), (connection.Streams, connection.StreamsStarted, connection.StreamLimit, connection.Generation));
    }

    [Fact]
    public async Task Handshake_ThatFails_IsAFailedConnectOfItsPhase()
    {
        await using var server = await TestServer.StartAsync();
        Log.Allow("cannot be reached");
        await using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = server.Address));

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync);

        var target = $"grpc.target={Target(server)}";
        await Seen.WaitForAsync(
            "pooledclients.connection.connect.duration", $"server.port={server.Port}", "pooledclients.phase=tls", "error.type=System.Security.Authentication.AuthenticationException");
        Assert.Equal(1, (await Seen.WaitForAsync("grpc.subchannel.connection_attempts_failed", target)).Value);
        await Seen.WaitForAsync("grpc.client.tls.handshakes", target, "grpc.tls.handshake.result=CERTIFICATE_AUTHORITY_INVALID");
        Assert.Empty(Mine("grpc.subchannel.open_connections", target));
        Assert.Empty(Mine("grpc.subchannel.disconnections", target));
    }

    [Fact]
    public async Task Wait_ForTheDialAndForAStream_IsToldByPhase()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { MaxStreams = 1 });
        await using var host = await StartAsync(server, static options => options.Connection.MaxConnections = 1);
        var target = $"grpc.target={Target(server)}";
        using var first = host.KeyValue.Exchange(cancellationToken: Token);
        await first.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }, Token);
        await first.ResponseStream.MoveNext(Token);
        Assert.Equal(1, (await Seen.WaitForAsync("pooledclients.call.wait.duration", target, "pooledclients.phase=dial")).Value);

        var scan = host.KeyValue.ScanAsync();
        await Eventually.EqualAsync(1, () => host.Transport.Endpoint!.Waiting);
        first.Dispose();
        await scan;

        var waits = await Seen.WaitForAsync("pooledclients.call.wait.duration", target, "pooledclients.phase=stream");
        Assert.Equal(("s", Waits, 1, 2), (waits.Unit, waits.Bounds, waits.Value, waits.Attributes.Count));
    }

    [Fact]
    public async Task Deadline_InEachPhase_IsToldByIt()
    {
        await using var server = await TestServer.StartAsync();
        await using var other = await TestServer.StartAsync(new TestServerOptions { MaxStreams = 1 });
        var gone = await TestServer.StartAsync();
        var nobody = gone.Address;
        await gone.DisposeAsync();
        Log.Allow("cannot be reached");
        await using var host = await StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("dial", options => (options.WaitForReady, options.Deadline) = ConnectTo(options, nobody, 0.5));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("admission", options =>
            {
                ConnectTo(options, server.Address, 0.5);
                (options.Admission.Mode, options.Admission.MaxCallsInFlight) = (AdmissionMode.Fixed, 1);
            });
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("stream", options =>
            {
                ConnectTo(options, other.Address, 0.5);
                (options.Admission.Mode, options.Connection.MaxConnections) = (AdmissionMode.Off, 1);
            });
        });
        await CallAsync("stream", seconds: 30);
        server.Behavior.Hold();
        other.Behavior.Hold();

        await Assert.ThrowsAsync<RpcException>(() => CallAsync("dial", seconds: 0.5));
        await WaitBehindOneAsync("admission");
        await WaitBehindOneAsync("stream");

        foreach (var (address, phase) in ((Uri, string)[])[(nobody, "dial"), (server.Address, "admission"), (server.Address, "response"), (other.Address, "stream"), (other.Address, "response")])
        {
            var point = await Seen.WaitForAsync("pooledclients.deadline_exceeded", $"grpc.target={address.GetLeftPart(UriPartial.Authority)}", $"pooledclients.phase={phase}");
            Assert.Equal(("{call}", 1, 2), (point.Unit, point.Value, point.Attributes.Count));
        }

        var stream = Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Methods, static method => method.Client == "stream");
        Assert.Equal(1, stream.DeadlinesByPhase["stream"]);

        // The one in front stays until the one behind it is over, whose place it would take over otherwise.
        async Task WaitBehindOneAsync(string name)
        {
            var first = Assert.ThrowsAsync<RpcException>(() => CallAsync(name, seconds: 3));
            await Assert.ThrowsAsync<RpcException>(() => CallAsync(name, seconds: 0.5));
            await first;
        }

        async Task CallAsync(string name, double seconds) =>
            await host.Get<KeyValue.KeyValueClient>(name).GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(seconds), cancellationToken: Token);
    }

    [Fact]
    public async Task Leak_OfAStream_IsCountedOnceItIsCollected()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        Log.Allow("was collected");
        await DropAsync(host);

        await Eventually.HoldsAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return Seen.Read("pooledclients.grpc.streams.leaked").Any(static point => point is { Unit: "{stream}", Value: 1 } && point.Has("pooledclients.client=KeyValue"));
        });
        await Eventually.HoldsAsync(() => host.Get<IPooledClientsDiagnostics>().Capture() is { OpenStreams: [] } snapshot && snapshot.Events.Any(static happened => happened.Name == "StreamCollected"));
    }

    private static (bool, TimeSpan) ConnectTo(PooledGrpcClientOptions options, Uri address, double deadline)
    {
        options.ConnectTo(address);
        options.Deadline = TimeSpan.FromSeconds(deadline);
        return (true, TimeSpan.FromSeconds(deadline));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Reliability", "CA2000", Justification = "Not disposing is what is tested.")]
    private static async Task DropAsync(ClientHost host)
    {
        var call = host.KeyValue.Exchange(cancellationToken: Token);
        await call.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }, Token);
        await call.ResponseStream.MoveNext(Token);
    }

    // Other tests listen to every meter of the library's name.
    private sealed class UnheardMeters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter($"unheard.{options.Name}", options.Version, options.Tags, scope: this);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(static meter => meter.Dispose());
    }
}
