using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

/// <summary>A client's pipeline over a channel whose server is in memory.</summary>
internal sealed class PipelineFixture : IDisposable
{
    private readonly GrpcChannel _channel;

    /// <param name="server">What answers.</param>
    /// <param name="configure">Sets options.</param>
    /// <param name="channel">A channel that stands in for the one to the server.</param>
    /// <param name="stubDeadline">The deadline of the stub.</param>
    /// <param name="calls">Follows the calls.</param>
    /// <param name="wait">What a message handler of the application does before it sends a request on.</param>
    public PipelineFixture(
        HttpMessageHandler server,
        Action<PooledGrpcClientOptions>? configure = null,
        CallInvoker? channel = null,
        TimeSpan? stubDeadline = null,
        Func<HttpRequestMessage, Task>? wait = null,
        ChannelCalls? calls = null)
    {
        // The channel has a clock of its own, the true one.
        Time = new TimerProvider(DateTimeOffset.UtcNow);
        Options = new PooledGrpcClientOptions();
        configure?.Invoke(Options);
        HttpMessageHandler handler = new AttemptHandler(server, TimeProvider.System);
        var setup = new GrpcClientSetup();
        if (wait is not null)
        {
            handler = new WaitingHandler(handler, wait);
            setup.MessageHandlers.Add(_ => throw new InvalidOperationException("The fixture has made it."));
        }

        _channel = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions { HttpClient = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan } });
        Budget = new RetryBudget(Time, Options.Resilience.RetryBudget.Ratio, Options.Resilience.RetryBudget.PerSecond);
        Facts = new CallPipelineFacts(
            "KeyValue", typeof(KeyValue.KeyValueClient), null, "http://memory", Budget, _ => { }, null, Time, Logger, calls);
        Invoker = new CallPipeline(channel ?? _channel.CreateCallInvoker(), Options, setup, Facts, new ServiceCollection().BuildServiceProvider()).Build(stubDeadline);
        Client = new KeyValue.KeyValueClient(Invoker);
    }

    public FakeLogger Logger { get; } = new();

    public TimerProvider Time { get; }

    public PooledGrpcClientOptions Options { get; }

    public RetryBudget Budget { get; }

    public CallPipelineFacts Facts { get; }

    public CallInvoker Invoker { get; }

    public KeyValue.KeyValueClient Client { get; }

    public ChannelBase Channel => _channel;

    public AsyncUnaryCall<GetResponse> Get(Metadata? headers = null) =>
        Client.GetAsync(new GetRequest(), headers, cancellationToken: TestContext.Current.CancellationToken);

    public AsyncUnaryCall<PutResponse> Put() => Client.PutAsync(new PutRequest(), cancellationToken: TestContext.Current.CancellationToken);

    public AsyncServerStreamingCall<Pair> Scan() => Client.Scan(new ScanRequest(), cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Lets the pauses between attempts pass until the task is done.</summary>
    public async Task PassPausesAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            var timer = Time.Timers.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();
            if (await Task.WhenAny(task, timer) == timer && await timer < Options.Deadline / 2)
            {
                Time.Advance(await timer);
            }
        }
    }

    /// <summary>Waits until a pause has begun.</summary>
    public async Task PauseBeginsAsync() => await Time.Timers.Reader.ReadAsync(TestContext.Current.CancellationToken);

    /// <summary>Waits until a pause of this length has begun.</summary>
    public async Task PauseAsync(TimeSpan pause)
    {
        while (await Time.Timers.Reader.ReadAsync(TestContext.Current.CancellationToken) != pause)
        {
        }
    }

    /// <summary>Whether a pause of this length has begun that nobody has waited for.</summary>
    public bool HasPaused(TimeSpan pause)
    {
        while (Time.Timers.Reader.TryRead(out var begun))
        {
            if (begun == pause)
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _channel.Dispose();

    private sealed class WaitingHandler(HttpMessageHandler inner, Func<HttpRequestMessage, Task> wait) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await wait(request);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
