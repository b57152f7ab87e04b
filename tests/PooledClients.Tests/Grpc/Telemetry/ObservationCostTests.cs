using System.Diagnostics.Metrics;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc.Telemetry;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc.Telemetry;

/// <summary>What it costs a call to be seen: nothing while nobody looks, and a bounded number of bytes when somebody does.</summary>
public sealed class ObservationCostTests : IDisposable
{
    private const int Calls = 256;
    private const int MostBytes = 200;

    private static readonly PutRequest Request = new();

    private static readonly Method<PutRequest, PutResponse> Put = new(
        MethodType.Unary, "rocksdb.v1.KeyValue", "Put", Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, PutRequest.Parser.ParseFrom), Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, PutResponse.Parser.ParseFrom));

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ChannelCalls _calls;

    public ObservationCostTests() =>
        _calls = new ChannelCalls("KeyValue", "http://memory", KeyValue.Descriptor, new CallMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System);

    [Fact]
    public void Call_WithNobodyListening_AllocatesNothing() => Assert.Equal(0, BytesOfACall());

    [Fact]
    public void Call_WithAListener_AllocatesABoundedNumberOfBytes()
    {
        using var listener = Listen(static instrument => !instrument.Name.Contains("message_size", StringComparison.Ordinal));

        Assert.InRange(BytesOfACall(), 1, MostBytes);
    }

    [Fact]
    public void CountsOfACall_InTheHandler_AllocateNothing()
    {
        var method = _calls.Get("/rocksdb.v1.KeyValue/Put");
        method.Begins();
        method.Ends(StatusCode.OK, null, TimeSpan.FromMilliseconds(1));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
        {
            var again = _calls.Get("/rocksdb.v1.KeyValue/Put");
            again.Begins();
            again.AttemptBegins(isTransparent: false);
            again.Ends(StatusCode.OK, null, TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Calls + 1, method.Started);
    }

    [Theory]
    [InlineData("/rocksdb.v1.KeyValue/Put", "rocksdb.v1.KeyValue/Put")]
    [InlineData("/prefix/rocksdb.v1.KeyValue/Put", "rocksdb.v1.KeyValue/Put")]
    [InlineData("/rocksdb.v1.KeyValue/Nothing", "other")]
    [InlineData("/Put", "other")]
    [InlineData("/", "other")]
    public void Get_OfAPath_IsAMethodOfTheContractOrOther(string path, string expected) => Assert.Equal(expected, _calls.Get(path).Name);

    [Fact]
    public void Get_WithoutAContract_IsBounded()
    {
        var calls = new ChannelCalls("code first", "http://memory", null, _calls.Metrics, TimeProvider.System);

        var names = Enumerable.Range(0, 1000).Select(i => calls.Get($"/service/method{i}").Name).Distinct().ToList();

        Assert.Equal(ChannelCalls.MostUnknown + 1, names.Count);
        Assert.Equal("other", names[^1]);
    }

    public void Dispose() => _services.Dispose();

    private MeterListener Listen(Func<Instrument, bool> which)
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && which(instrument))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }

    private long BytesOfACall()
    {
        using var server = new MemoryServer();
        var channel = new PreparedInvoker<PutResponse>(Calls + 1, new PutResponse());
        using var fixture = new PipelineFixture(server, channel: channel, calls: _calls);
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
        {
            Run();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;

        void Run()
        {
            var call = fixture.Invoker.AsyncUnaryCall(Put, null, default, Request);
            channel.Answer();
            call.ResponseAsync.GetAwaiter().GetResult();
            call.Dispose();
        }
    }
}
