using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.ServiceConfigs;
using PooledClients.Resilience;
using RocksDb.V1;
using ChannelConfig = Grpc.Net.Client.Configuration;

namespace PooledClients.Tests.Grpc.Methods;

public sealed class MethodPoliciesTests
{
    private const string Retry = """
        { "methodConfig": [{ "name": [{}], "retryPolicy": {
            "maxAttempts": 3, "initialBackoff": "1s", "maxBackoff": "1s", "backoffMultiplier": 1, "retryableStatusCodes": ["ABORTED"] } }] }
        """;

    [Theory]
    [InlineData("Get", null, null, true)]
    [InlineData("Put", null, null, false)]
    [InlineData("Put", true, null, true)]
    [InlineData("Get", false, null, false)]
    [InlineData("Put", null, Retry, true)]
    [InlineData("Put", false, Retry, false)]
    public void Retries_ByContractMethodsAndServiceConfig_AsTheClosestSays(string method, bool? idempotent, string? config, bool retried)
    {
        var policies = Create(
            o => (o.Methods[method], o.ServiceConfig) = (new GrpcMethodOptions { Idempotent = idempotent }, config), typeof(KeyValue.KeyValueClient));

        Assert.Equal(retried, policies.Get(Method<GetRequest, GetResponse>(method), new GetRequest()).Retrier is not null);
    }

    [Fact]
    public void Retries_OfTheServiceConfig_AreItsOwn()
    {
        var policy = Create(o => o.ServiceConfig = Retry, null).Get(Method<GetRequest, GetResponse>("Put"), new GetRequest()).Retrier!.Policy;

        Assert.Equal(3, policy.MaxAttempts);
        Assert.True(policy.IsRetryable(new RpcException(new Status(StatusCode.Aborted, ""))));
        Assert.False(policy.IsRetryable(new RpcException(new Status(StatusCode.Unavailable, ""))));
    }

    // The channel's most exact entry decides, whether it has a policy or none.
    [Theory]
    [InlineData(null, null, true, false)]
    [InlineData("rocksdb.v1.KeyValue", null, true, false)]
    [InlineData("rocksdb.v1.KeyValue", "Get", true, false)]
    [InlineData("rocksdb.v1.KeyValue", "Scan", true, true)]
    [InlineData("other", null, true, true)]
    [InlineData("rocksdb.v1.KeyValue", "Get", false, true)]
    public void Retries_ChannelHasAPolicyOfItsOwn_AreLeftToIt(string? service, string? method, bool hasPolicy, bool retried)
    {
        var config = new ChannelConfig.ServiceConfig
        {
            MethodConfigs =
            {
                new ChannelConfig.MethodConfig
                {
                    Names = { new ChannelConfig.MethodName { Service = service, Method = method } },
                    RetryPolicy = hasPolicy ? new ChannelConfig.RetryPolicy() : null,
                },
            },
        };
        if (!hasPolicy)
        {
            config.MethodConfigs.Add(new ChannelConfig.MethodConfig { Names = { ChannelConfig.MethodName.Default }, HedgingPolicy = new ChannelConfig.HedgingPolicy() });
        }

        foreach (var hedging in (TimeSpan?[])[null, TimeSpan.FromSeconds(1)])
        {
            var policy = Create(o => o.Resilience.Hedging.Delay = hedging, typeof(KeyValue.KeyValueClient), channel: config).Get(Method<GetRequest, GetResponse>("Get"), new GetRequest());

            Assert.Equal(retried, policy.Retrier is not null || policy.Hedger is not null);
        }
    }

    [Fact]
    public void Contract_WithoutAClientType_IsFoundThroughTheRequest() =>
        Assert.NotNull(Create(_ => { }, null).Get(Method<GetRequest, GetResponse>("Get"), new GetRequest()).Retrier);

    [Fact]
    public void Contract_RequestOfAnotherFile_IsFoundThroughTheResponse() =>
        Assert.NotNull(Create(_ => { }, null).Get(Method<Empty, GetResponse>("Get"), new Empty()).Retrier);

    [Fact]
    public void Contract_Given_IsUsed() =>
        Assert.NotNull(Create(_ => { }, null, KeyValue.Descriptor).Get(Method<Empty, Empty>("Get"), new Empty()).Retrier);

    [Fact]
    public void Contract_NotToBeFound_MeansNotIdempotent() =>
        Assert.Null(Create(_ => { }, null).Get(Method<Empty, Empty>("Get"), new Empty()).Retrier);

    [Theory]
    [InlineData(MethodType.Unary, true)]
    [InlineData(MethodType.ServerStreaming, true)]
    [InlineData(MethodType.ClientStreaming, false)]
    [InlineData(MethodType.DuplexStreaming, false)]
    public void Retries_ByKind_OnlyWhereTheRequestIsAtHand(MethodType type, bool retried) =>
        Assert.Equal(
            retried,
            Create(o => o.Methods["Get"] = new GrpcMethodOptions { Idempotent = true }, null)
                .Get(Method<GetRequest, GetResponse>("Get", type), null).Retrier is not null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ForWarmUp_CallsAndFurtherAttempts_AreNotTheClients(bool isHedged)
    {
        var time = new FakeTimeProvider();
        var budget = new RetryBudget(time);
        var policies = Create(o => o.Resilience.Hedging.Delay = isHedged ? TimeSpan.FromSeconds(1) : null, null, null, budget, time);
        var before = budget.Available;

        var warmedUp = policies.ForWarmUp();
        var policy = warmedUp.Get(Method<GetRequest, GetResponse>("Get"), new GetRequest());
        warmedUp.Budget.RecordCall();

        Assert.Equal(isHedged, policy.Hedger is not null);
        Assert.True((policy.Hedger?.Budget ?? policy.Retrier!.Budget).TryTake());
        Assert.Equal(before, budget.Available);
        Assert.NotSame(policy, policies.Get(Method<GetRequest, GetResponse>("Get"), new GetRequest()));
    }

    [Theory]
    [InlineData("maxRequestMessageBytes")]
    [InlineData("maxResponseMessageBytes")]
    public async Task Limits_OfTheServiceConfig_RefuseLargerMessages(string limit)
    {
        var answer = new GetResponse { Found = true, Value = ByteString.CopyFrom(new byte[100]) };
        using var server = new MemoryServer(MemoryServer.Ok(answer));
        using var fixture = new PipelineFixture(
            server, o => o.ServiceConfig = $$"""{ "methodConfig": [{ "name": [{}], "{{limit}}": 50 }] }""");

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Client.GetAsync(
            new GetRequest { Key = answer.Value }, cancellationToken: TestContext.Current.CancellationToken).ResponseAsync);

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Contains(limit, failure.Status.Detail, StringComparison.Ordinal);
    }

    private static MethodPolicies Create(
        Action<PooledGrpcClientOptions> configure, System.Type? clientType, Google.Protobuf.Reflection.ServiceDescriptor? descriptor = null,
        RetryBudget? budget = null, TimeProvider? time = null, ChannelConfig.ServiceConfig? channel = null)
    {
        var options = new PooledGrpcClientOptions();
        configure(options);
        return new MethodPolicies(options, new CallPipelineFacts(
            "client",
            clientType,
            descriptor,
            "http://a",
            budget ?? new RetryBudget(TimeProvider.System),
            _ => { },
            null,
            time ?? TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
        {
            ChannelRetries = ChannelRetries.From(channel),
        });
    }

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(string name, MethodType type = MethodType.Unary)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() => new(
        type, "rocksdb.v1.KeyValue", name, Marshal<TRequest>(), Marshal<TResponse>());

    private static Marshaller<T> Marshal<T>()
        where T : class, IMessage<T>, new() => Marshallers.Create(MessageExtensions.ToByteArray, new MessageParser<T>(() => new T()).ParseFrom);
}
