using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc.Telemetry;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Docs;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;
using RocksDb.V1;

namespace PooledClients.Tests.Diagnostics;

/// <summary>Each instrument of docs/diagnostics.md is recorded once here, and has the attributes that its row says.</summary>
public sealed class InstrumentAttributesTests
{
    private const string Address = "https://kv.internal:5001";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Attributes_OfEachInstrument_AreThoseOfTheTable()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.Address = new Uri(Address));
        services.AddPooledHttpClient("api");
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<IMeterFactory>();
        var seen = new ConcurrentDictionary<string, ConcurrentQueue<KeyValuePair<string, string>[]>>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PooledClients" && ReferenceEquals(instrument.Meter.Scope, factory))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Note(instrument, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Note(instrument, tags));
        listener.Start();

        using var lease = await provider.GetRequiredService<ConnectionGate>().CreateAddress(Address, cap: 1, "grpc").AcquireAsync(TestContext.Current.CancellationToken);
        RecordConnections(provider.GetRequiredService<PooledClientsMetrics>(), provider.GetRequiredService<ConnectionMetrics>());
        RecordCalls(provider.GetRequiredService<CallMetrics>(), provider.GetRequiredService<GrpcMetrics>());
        RecordHttp(provider.GetRequiredService<HttpMetrics>());
        provider.GetRequiredService<ResilienceMetrics>().ObserveBreakers(static () => [new(Address, "grpc", "open")]);
        provider.GetRequiredService<ResilienceMetrics>().ObserveBudgets(static () => [new(Address, "http", 10)]);
        provider.GetRequiredService<EndpointMetrics>().Observe(static () => new(Address, ["ready", "ejected"], 1, 1));
        var tls = provider.GetRequiredService<TlsMetrics>();
        tls.RecordHandshake(Address, "SUCCESS", resumed: true);
        tls.RecordReload("ca", good: true);
        tls.ObserveReads(static () => [(CertificateUse.Authority, 1)]);
        using var tracked = provider.GetRequiredService<CertificateInventory>().Track(CertificateUse.Server, Address, TestAuthority.Shared.Certificate);
        listener.RecordObservableInstruments();

        Assert.Empty(InstrumentTable.Instruments.Except(seen.Keys));
        foreach (var (instrument, recorded) in seen)
        {
            Assert.All(recorded, attributes => InstrumentTable.Check(instrument, attributes));
        }

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) => seen.GetOrAdd(instrument.Name, static _ => new()).Enqueue(
            [.. tags.ToArray().Select(static tag => KeyValuePair.Create(tag.Key, Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? ""))]);
    }

    private static void RecordConnections(PooledClientsMetrics process, ConnectionMetrics connections)
    {
        process.DescriptorsExhausted();
        process.ConnectionWaited(Address, Second);
        process.PoolReclaimed(Address);
        process.ConnectionRefused(Address);
        process.DescriptorFault(Address);
        process.ObserveCalls(static () => new(Address, 1, 2, 3));
        connections.ConnectFailed(Address);
        connections.Opened(Address, isSecure: true, isCounted: true);
        connections.Closed(Address, isSecure: true, isCounted: true, "connection reset");
        connections.ConnectPhase(Address, "http", "tls", Second, "timeout");
        connections.GenerationReplaced(Address, "its certificates changed");
    }

    private static void RecordCalls(CallMetrics calls, GrpcMetrics grpc)
    {
        var channel = new ChannelCalls("kv", Address, KeyValue.Descriptor, calls, TimeProvider.System);
        foreach (var many in new[] { ObservedCall.Hedged, ObservedCall.Retried })
        {
            var call = channel.Begin("/rocksdb.v1.KeyValue/Get", many)!;
            call.AttemptBegins(isTransparent: false);
            call.AttemptEnds(StatusCode.Unavailable);
            call.AttemptBegins(isTransparent: true);
            call.AttemptBegins(isTransparent: false);
            call.Ends(StatusCode.OK);
        }

        var method = channel.Get("/rocksdb.v1.KeyValue/Get");
        method.RecordWait(WaitPhase.Dial, Second);
        foreach (var phase in Enum.GetValues<WaitPhase>())
        {
            method.DeadlineExceeded(phase);
        }

        grpc.RetryAsked(Address, granted: true);
        grpc.RetryAsked(Address, granted: false);
        grpc.HedgeAsked(Address, granted: true);
        grpc.StreamLeaked("kv");
        grpc.ObserveStreams(static () => [("kv", Second)]);
        grpc.BreakerOpened(Address);
    }

    private static void RecordHttp(HttpMetrics http)
    {
        http.ObserveResponses(static () => [("api", 1)], static () => Second);
        http.ResponsesLeaked("api", 1);
        http.ResponsesReclaimed("api", 1, "collected");
        http.HttpTimedOut("api", "headers", "deadline");
        http.HttpRetried("api", Address);
        http.HttpRetryRefused("api", Address);
        http.HttpBreakerOpened("api", Address);
    }
}
