using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Dialing;
using PooledClients.Grpc.Sending;

namespace PooledClients.Grpc.WarmUp;

/// <summary>
/// A channel like a client's own, to a server in this process: what calls pass through is compiled, and has run, before the first real
/// one. Its requests show in no trace and no metric, and pass none of the application's own interceptors and handlers.
/// </summary>
internal sealed class WarmUpChannel : IDisposable
{
    private static readonly ConnectionSettings Settings = ConnectionSettings.From(new ConnectionOptions());

    private static readonly TimeSpan LongestTime = TimeSpan.FromMinutes(1);

    private readonly WarmUpServer _server;
    private readonly UnheardMeters _meters = new();
    private readonly Activity _unrecorded = new Activity("rehearsal") { ActivityTraceFlags = ActivityTraceFlags.None }.Start();
    private readonly Transport _transport;
    private readonly GrpcTransportHandler _handler;
    private readonly GrpcChannel _channel;

    public WarmUpChannel(TransportServices services, ILogger logger)
    {
        _server = new WarmUpServer(IsOwn);
        Deadline = (services.TimeProvider.GetUtcNow() + LongestTime).UtcDateTime;
        _transport = new Transport(new TransportKey(_server.Address, Tls: null, Settings), [Silence], services.Unobserved());
        _handler = new GrpcTransportHandler(_transport, new AdmissionOptions(), breaker: null, budget: null, services.TimeProvider, logger);
        var http = new HttpClient(_handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _channel = GrpcChannel.ForAddress(_server.Address.ChannelAddress, new GrpcChannelOptions { HttpClient = http, DisposeHttpClient = true });
    }

    /// <summary>A deadline for calls that carry one of their own.</summary>
    public DateTime Deadline { get; }

    public CallInvoker CreateCallInvoker() => _channel.CreateCallInvoker();

    /// <summary>Has the server answer with this message from now on.</summary>
    public void AnswerWith(byte[] message) => _server.AnswerWith(message);

    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
        _transport.Dispose();
        _server.Dispose();
        _meters.Dispose();
        _unrecorded.Dispose();
    }

    // A connection is in the list before its first byte is sent; the server asks until then.
    private bool IsOwn(int port) => _transport is not null
        && _transport.Endpoints.SelectMany(static pool => pool.Connections.Current.Concat(pool.Connections.Retired))
            .Any(connection => connection.Wire?.LocalPort == port);

    private void Silence(SocketsHttpHandler handler)
    {
        handler.ActivityHeadersPropagator = null;
        handler.MeterFactory = _meters;
        handler.UseProxy = false;
    }

    /// <summary>Makes meters under a name that nobody listens to.</summary>
    private sealed class UnheardMeters : IMeterFactory
    {
        private readonly Meter _meter = new("PooledClients.WarmUp");

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose() => _meter.Dispose();
    }
}
