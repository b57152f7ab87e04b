using Google.Protobuf;
using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A client whose requests are serialised as a test says.</summary>
internal sealed class MarshalledClient : ClientBase<MarshalledClient>
{
    private const string Service = "rocksdb.v1.KeyValue";

    public MarshalledClient(CallInvoker invoker)
        : base(invoker)
    {
    }

    private MarshalledClient(ClientBaseConfiguration configuration)
        : base(configuration)
    {
    }

    /// <summary>Makes the unary call of the service that gets a value.</summary>
    public AsyncUnaryCall<GetResponse> GetAsync(Func<GetRequest, byte[]> serialize, GetRequest request) => CallInvoker.AsyncUnaryCall(
        new Method<GetRequest, GetResponse>(MethodType.Unary, Service, "Get", new(serialize, GetRequest.Parser.ParseFrom), Of(GetResponse.Parser)), host: null, default, request);

    /// <summary>Begins the client stream of the service.</summary>
    public AsyncClientStreamingCall<PutRequest, LoadResponse> Load(Func<PutRequest, byte[]> serialize, CallOptions options) => CallInvoker.AsyncClientStreamingCall(
        new Method<PutRequest, LoadResponse>(MethodType.ClientStreaming, Service, "Load", new(serialize, PutRequest.Parser.ParseFrom), Of(LoadResponse.Parser)), host: null, options);

    protected override MarshalledClient NewInstance(ClientBaseConfiguration configuration) => new(configuration);

    private static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => new(static message => message.ToByteArray(), parser.ParseFrom);
}
