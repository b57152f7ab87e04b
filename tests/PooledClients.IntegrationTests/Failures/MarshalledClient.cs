using Google.Protobuf;
using Grpc.Core;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A client whose messages are serialised, or read, as a test says.</summary>
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

    /// <summary>Makes the unary call of the service that gets a value, whose answer is read as a test says.</summary>
    public AsyncUnaryCall<GetResponse> GetAsync(Func<byte[], GetResponse> deserialize) => CallInvoker.AsyncUnaryCall(
        new Method<GetRequest, GetResponse>(MethodType.Unary, Service, "Get", Of(GetRequest.Parser), new(static message => message.ToByteArray(), deserialize)),
        host: null,
        default,
        new GetRequest());

    /// <summary>Makes the server stream of the service, whose messages are read as a test says.</summary>
    public AsyncServerStreamingCall<Pair> Scan(Func<byte[], Pair> deserialize) => CallInvoker.AsyncServerStreamingCall(
        new Method<ScanRequest, Pair>(MethodType.ServerStreaming, Service, "Scan", Of(ScanRequest.Parser), new(static message => message.ToByteArray(), deserialize)),
        host: null,
        default,
        new ScanRequest());

    /// <summary>Begins the client stream of the service.</summary>
    public AsyncClientStreamingCall<PutRequest, LoadResponse> Load(Func<PutRequest, byte[]> serialize, CallOptions options) => CallInvoker.AsyncClientStreamingCall(
        new Method<PutRequest, LoadResponse>(MethodType.ClientStreaming, Service, "Load", new(serialize, PutRequest.Parser.ParseFrom), Of(LoadResponse.Parser)), host: null, options);

    protected override MarshalledClient NewInstance(ClientBaseConfiguration configuration) => new(configuration);

    private static Marshaller<T> Of<T>(MessageParser<T> parser)
        where T : class, IMessage<T> => new(static message => message.ToByteArray(), parser.ParseFrom);
}
