using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

/// <summary>What the pipeline itself allocates for a call, exactly: the channel is a stand-in that allocates nothing.</summary>
public sealed class CallAllocationTests
{
    private const int Calls = 64;

    private static readonly GetRequest GetRequest = new();
    private static readonly PutRequest PutRequest = new();

    [Fact]
    public void Put_DefaultDeadline_AllocatesNothing()
    {
        using var server = new MemoryServer();
        var channel = new PreparedInvoker<PutResponse>(Calls + 1, new PutResponse());
        using var fixture = new PipelineFixture(server, channel: channel);

        Assert.Equal(0, Measure(channel, () => fixture.Invoker.AsyncUnaryCall(Methods.Put, null, default, PutRequest)));
    }

    [Fact]
    public void Put_AmbientDeadline_AllocatesNothing()
    {
        using var server = new MemoryServer();
        var channel = new PreparedInvoker<PutResponse>(Calls + 1, new PutResponse());
        using var fixture = new PipelineFixture(server, channel: channel);

        using (CallDeadline.Begin(fixture.Time.GetUtcNow().UtcDateTime.AddSeconds(1), new CancellationTokenSource().Token))
        {
            Assert.Equal(0, Measure(channel, () => fixture.Invoker.AsyncUnaryCall(Methods.Put, null, default, PutRequest)));
        }
    }

    [Fact]
    public void Get_RetriesOn_AllocatesNothing()
    {
        using var server = new MemoryServer();
        var channel = new PreparedInvoker<GetResponse>(Calls + 1, new GetResponse());
        using var fixture = new PipelineFixture(server, channel: channel);

        Assert.Equal(0, Measure(channel, () => fixture.Invoker.AsyncUnaryCall(Methods.Get, null, default, GetRequest)));
    }

    private static long Measure<TResponse>(PreparedInvoker<TResponse> channel, Func<AsyncUnaryCall<TResponse>> call)
        where TResponse : class
    {
        Run(channel, call);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
        {
            Run(channel, call);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
    }

    private static void Run<TResponse>(PreparedInvoker<TResponse> channel, Func<AsyncUnaryCall<TResponse>> start)
        where TResponse : class
    {
        var call = start();
        channel.Answer();
        call.ResponseAsync.GetAwaiter().GetResult();
        call.Dispose();
    }

    private static class Methods
    {
        public static readonly Method<PutRequest, PutResponse> Put = Create("Put", PutRequest.Parser, PutResponse.Parser);
        public static readonly Method<GetRequest, GetResponse> Get = Create("Get", GetRequest.Parser, GetResponse.Parser);

        private static Method<TRequest, TResponse> Create<TRequest, TResponse>(
            string name, Google.Protobuf.MessageParser<TRequest> request, Google.Protobuf.MessageParser<TResponse> response)
            where TRequest : class, Google.Protobuf.IMessage<TRequest>
            where TResponse : class, Google.Protobuf.IMessage<TResponse> => new(
            MethodType.Unary, "rocksdb.v1.KeyValue", name, Marshal(request), Marshal(response));

        private static Marshaller<T> Marshal<T>(Google.Protobuf.MessageParser<T> parser)
            where T : class, Google.Protobuf.IMessage<T> => Marshallers.Create(Google.Protobuf.MessageExtensions.ToByteArray, parser.ParseFrom);
    }
}
