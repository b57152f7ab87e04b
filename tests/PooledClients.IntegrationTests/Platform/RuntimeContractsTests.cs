using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Reflection;
using System.Resources;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using PooledClients.IntegrationTests.Http;
using PooledClients.Platform;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Platform;

/// <summary>Asks the running runtime whether it is as the library takes it to be, with its texts or, under the switch, with their keys.</summary>
[Trait("Runtime", "Texts")]
public class RuntimeContractsTests
{
    private static bool HasKeys => AppContext.TryGetSwitch("System.Resources.UseSystemResourceKeys", out var on) && on;

    public static TheoryData<string> Keys => [.. RuntimeTexts.All.Keys];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Texts_ByKey_AreTheRuntimes(string key)
    {
        var texts = new ResourceManager("FxResources.System.Net.Http.SR", typeof(HttpContent).Assembly);

        Assert.StartsWith(RuntimeTexts.All[key], texts.GetString(key, System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Texts_OfAFailure_AreKeysUnderTheSwitchAlone()
    {
        var failure = await FailureOfRawAsync(connection => GoAwayAndCloseAsync(connection));

        Assert.Equal(HasKeys, failure.Message.StartsWith("net_http_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task IsConnectionClose_GoneAwayUnderARequest_IsTold()
    {
        var failure = Protocol(await FailureOfRawAsync(connection => GoAwayAndCloseAsync(connection)));

        Assert.Equal((long)ErrorCode.NoError, failure.ErrorCode);
        Assert.True(RuntimeContracts.IsConnectionClose(failure), $"{failure}");
        Assert.False(RuntimeContracts.IsConnectionError(failure));
    }

    [Fact]
    public async Task IsConnectionClose_StreamReset_IsNotMeant()
    {
        var failure = Protocol(await FailureOfRawAsync(async connection =>
            await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.InternalError)));

        Assert.Equal((long)ErrorCode.InternalError, failure.ErrorCode);
        Assert.False(RuntimeContracts.IsConnectionClose(failure) || RuntimeContracts.IsConnectionError(failure), $"{failure}");
    }

    [Fact]
    public async Task IsConnectionError_DataOnStreamZero_IsTold()
    {
        var failure = Protocol(await FailureOfRawAsync(async connection =>
        {
            await connection.ReceiveCompleteAsync();
            await connection.SendFrameAsync(FrameType.Data, FrameFlags.None, 0, [1]);
        }));

        Assert.True(RuntimeContracts.IsConnectionError(failure), $"{failure}");
    }

    [Fact]
    public void IsOfConnection_StreamsAndSocketsThatAreDisposed_AreTold()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndPoint!);
        var network = new NetworkStream(socket);
        var tls = new SslStream(new MemoryStream());
        var own = new System.IO.Compression.DeflateStream(Stream.Null, System.IO.Compression.CompressionMode.Compress);
        own.Dispose();
        network.Dispose();
        tls.Dispose();
        socket.Dispose();

        string[] names = [NameOf(() => socket.Send([1])), NameOf(() => network.Write([1])), NameOf(() => tls.Write([1]))];

        Assert.All(names, static name => Assert.True(RuntimeContracts.IsOfConnection(name), name));
        Assert.False(RuntimeContracts.IsOfConnection(NameOf(() => own.Write([1]))));
        static string NameOf(Action write) => Assert.Throws<ObjectDisposedException>(write).ObjectName;
    }

    [Fact]
    public async Task IsOfConnection_HandlerThatIsDisposed_IsNot()
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        invoker.Dispose();

        var failure = await Assert.ThrowsAsync<ObjectDisposedException>(() => invoker.SendAsync(Request(new Uri("http://localhost:1")), TestContext.Current.CancellationToken));

        Assert.False(RuntimeContracts.IsOfConnection(failure.ObjectName), failure.ObjectName);
        Assert.True(RuntimeContracts.IsOfSender(failure.ObjectName), failure.ObjectName);
    }

    [Fact]
    public void IsOfConnection_StreamOfARequestThatIsOver_IsTold()
    {
        // One that was never given its request is as one that has lost it.
        var type = typeof(HttpContent).Assembly.GetType("System.Net.Http.Http2Connection+Http2Stream+Http2ReadStream", throwOnError: true)!;
        var stream = (Stream)RuntimeHelpers.GetUninitializedObject(type);

        var failure = Assert.Throws<ObjectDisposedException>(() => _ = stream.Read(new byte[1], 0, 1));

        Assert.True(RuntimeContracts.IsOfConnection(failure.ObjectName), failure.ObjectName);
    }

    [Theory]
    [InlineData("HttpConnection", "")]
    [InlineData("Http2Connection", "")]
    [InlineData("CreditManager", ":Http2Stream:_streamWindow")]
    public void IsOfConnection_ConnectionThatIsOver_IsToldByItsShortName(string name, string rest) =>
        Assert.True(RuntimeContracts.IsOfConnection(typeof(HttpContent).Assembly.GetType("System.Net.Http." + name, throwOnError: true)!.Name + rest));

    [Fact]
    public void IsOfConnection_WhatContentsAreReadFrom_IsNot()
    {
        var deflate = new DeflateStream(new MemoryStream(), CompressionMode.Decompress);
        var memory = new MemoryStream();
        var document = JsonDocument.Parse("{}");
        deflate.Dispose();
        memory.Dispose();
        document.Dispose();

        string[] names = [NameOf(() => deflate.ReadByte()), NameOf(() => memory.ReadByte()), NameOf(() => _ = document.RootElement.ValueKind), "HttpRequestStream"];

        Assert.All(names, static name => Assert.False(RuntimeContracts.IsOfConnection(name) || RuntimeContracts.IsOfSender(name), name));
        static string NameOf(Action read) => Assert.Throws<ObjectDisposedException>(read).ObjectName;
    }

    [Fact]
    public async Task WaitingFor_TasksThatSomebodyAwaits_AreTold()
    {
        var source = new TaskCompletionSource();
        Assert.Equal(0, RuntimeTasks.WaitingFor(source.Task));

        using var leave = new CancellationTokenSource();
        var waiting = new[] { AwaitAsync(), source.Task.WaitAsync(leave.Token) };
        Assert.Equal(2, RuntimeTasks.WaitingFor(source.Task));
        await leave.CancelAsync();
        Assert.Equal(1, RuntimeTasks.WaitingFor(source.Task));

        source.SetResult();
        await waiting[0];
        async Task AwaitAsync() => await source.Task;
    }

    [Fact]
    public async Task GaveUpSendingAgain_AlwaysRefused_IsTold()
    {
        var failure = await FailureOfRawAsync(async connection =>
        {
            while (true)
            {
                await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
            }
        });

        Assert.True(RuntimeContracts.GaveUpSendingAgain(failure), $"{failure}");
        Assert.Equal((long)ErrorCode.RefusedStream, Protocol(failure).ErrorCode);
    }

    [Fact]
    public async Task GaveUpSendingAgain_AboveTheLastStream_IsTold()
    {
        var failure = await FailureOfRawAsync(async connection =>
        {
            await connection.ReceiveCompleteAsync();
            await connection.SendGoAwayAsync(0, ErrorCode.NoError);
        });

        Assert.True(RuntimeContracts.GaveUpSendingAgain(failure), $"{failure}");
        Assert.True(RuntimeContracts.IsConnectionClose(Protocol(failure)), $"{failure}");
    }

    [Fact]
    public async Task IsHandshakeUnfinished_ClosedBeforeSettings_IsTold()
    {
        await using var server = new RawHttp2Server(
            connection =>
            {
                connection.HalfClose();
                return Task.CompletedTask;
            },
            tls: false);

        var failure = await FailureOfAsync(server.Address);

        Assert.Contains(Causes(failure), RuntimeContracts.IsHandshakeUnfinished);
    }

    [Fact]
    public async Task IsRequestHeaderLimit_HeadersOverTheServers_IsTold()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        using var first = await invoker.SendAsync(Request(server.Address), TestContext.Current.CancellationToken);
        var request = Request(server.Address);
        request.Headers.Add("x-large", new string('x', 60_000));

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => invoker.SendAsync(request, TestContext.Current.CancellationToken));

        Assert.True(RuntimeContracts.IsRequestHeaderLimit(failure), $"{failure}");
    }

    [Fact]
    public async Task IsResponseHeaderLimit_OneHeaderOverOurs_IsTold()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveAsync();
                await connection.SendAsync(
                    FrameType.Headers,
                    FrameFlags.EndHeaders | FrameFlags.EndStream,
                    request.StreamId,
                    Hpack.Encode([(":status", "200"), ("x-large", new string('x', 2000))]));
            },
            tls: false);
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { MaxResponseHeadersLength = 1 });

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => invoker.SendAsync(Request(server.Address), TestContext.Current.CancellationToken));

        Assert.Contains(Causes(failure), RuntimeContracts.IsResponseHeaderLimit);
    }

    [Fact]
    public async Task SerializeToStream_AnotherContent_WritesIt()
    {
        using var stream = new MemoryStream();
        using var content = new StringContent("abc");

        await RuntimeContracts.SerializeToStreamAsync(content, stream, null, TestContext.Current.CancellationToken);

        Assert.Equal("abc"u8.ToArray(), stream.ToArray());
    }

    [Fact]
    public void TryGiveHeaders_LengthTakenAway_StaysAway()
    {
        using var from = new StringContent("abc");
        using var to = new StringContent("abc");
        using var other = new StringContent("abc");
        from.Headers.ContentLength = null;
        from.Headers.Add("x-own", "a");

        Assert.True(RuntimeContracts.TryGiveHeaders(from, to));

        Assert.Null(to.Headers.ContentLength);
        Assert.True(to.Headers.Contains("x-own"));
        Assert.Equal(3, other.Headers.ContentLength);
    }

    [Fact]
    public void TryGiveHeaders_LengthNotKnown_IsAskedOfTheNewContent()
    {
        using var from = new StreamContent(new EndlessStream());
        using var to = new StringContent("abc");

        Assert.True(RuntimeContracts.TryGiveHeaders(from, to));

        Assert.Equal(3, to.Headers.ContentLength);
    }

    [Fact]
    public void TryComputeLength_AnotherContent_IsItsOwn()
    {
        using var content = new StringContent("abc");

        Assert.True(RuntimeContracts.TryComputeLength(content, out var length));
        Assert.Equal(3, length);
    }

    [Fact]
    public void InnerStreamOf_TlsStream_IsWhatItWasMadeOf()
    {
        using var inner = new MemoryStream();
        using var tls = new SslStream(inner);

        Assert.Same(inner, RuntimeContracts.InnerStreamOf(tls));
    }

    [Theory]
    [InlineData(1000, 10, GrpcContracts.SentTooLarge)]
    [InlineData(1000, 2000, GrpcContracts.ReceivedTooLarge)]
    public async Task TooLarge_ToldToTheLogger_FailsWithWhatTheLoggerThrows(int size, int maxSent, string detail)
    {
        using var loggers = new ThrowingLoggerFactory(detail);
        using var handler = new EchoHandler();
        using var channel = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions
        {
            HttpHandler = handler,
            LoggerFactory = loggers,
            MaxSendMessageSize = maxSent,
            MaxReceiveMessageSize = 10,
        });

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await new KeyValue.KeyValueClient(channel)
            .PutAsync(new PutRequest { Value = ByteString.CopyFrom(new byte[size]) }, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(new Status(StatusCode.ResourceExhausted, "in better words"), failure.Status);
    }

    [Fact]
    public async Task EmptyBodyStream_BodylessResponse_HasIt()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());

        using var response = await invoker.SendAsync(Request(server.Address), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(RuntimeContracts.EmptyBodyStream, (await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)).GetType());
    }

    // A pool of a type that nobody else rents.
    [Fact]
    public void PooledBuffersAProcessor_MoreGivenBack_AreNotKept()
    {
        const int Length = 16;
        var most = (RuntimeContracts.PooledBuffersAProcessor * Environment.ProcessorCount) + 1;
        var given = new HashSet<Unique[]>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < 2 * most; i++)
        {
            given.Add(ArrayPool<Unique>.Shared.Rent(Length));
        }

        foreach (var buffer in given)
        {
            ArrayPool<Unique>.Shared.Return(buffer);
        }

        var kept = Enumerable.Range(0, 2 * most).Count(_ => given.Contains(ArrayPool<Unique>.Shared.Rent(Length)));

        Assert.InRange(kept, most - 1, most);
    }

    [Fact]
    public void NamesAssembly_OneThatIsNotThere_IsTold()
    {
        var failure = Assert.Throws<FileNotFoundException>(() => Assembly.Load("No.Such.Assembly, Version=1.0.0.0"));

        Assert.True(RuntimeContracts.NamesAssembly(failure.FileName), $"{failure.FileName}");
        Assert.False(RuntimeContracts.NamesAssembly("/etc/tls/ca.pem"));
    }

    [Fact]
    public void ResilienceNamespace_StandardHandler_IsInIt()
    {
        var seen = new List<Type>();
        var services = new ServiceCollection();
        var client = services.AddHttpClient("any");
        client.AddStandardResilienceHandler();
        client.ConfigureAdditionalHttpMessageHandlers((handlers, _) => seen.AddRange(handlers.Select(handler => handler.GetType())));
        using var provider = services.BuildServiceProvider();

        provider.GetRequiredService<IHttpClientFactory>().CreateClient("any").Dispose();

        Assert.Contains(seen, type => type.FullName!.StartsWith(RuntimeContracts.ResilienceNamespace, StringComparison.Ordinal));
    }

    [Fact]
    public void PolicyHandler_OfPollysExtensions_IsIt() =>
        Assert.Equal(RuntimeContracts.PolicyHandler, typeof(Microsoft.Extensions.Http.PolicyHttpMessageHandler).FullName);

    private static async Task GoAwayAndCloseAsync(RawHttp2Connection connection)
    {
        var request = await connection.ReceiveCompleteAsync();
        await connection.SendGoAwayAsync(request.StreamId, ErrorCode.NoError);
        connection.HalfClose();
    }

    private static async Task<Exception> FailureOfRawAsync(Func<RawHttp2Connection, Task> script)
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                await script(connection);
            },
            tls: false);
        return await FailureOfAsync(server.Address);
    }

    private static async Task<Exception> FailureOfAsync(Uri address)
    {
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler());
        return await Assert.ThrowsAsync<HttpRequestException>(() => invoker.SendAsync(Request(address), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task TrySetInvoker_OfAChannelThatWasGivenAClient_IsWhatSends()
    {
        using var unused = new HttpClient(new UnusedHandler());
        using var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpClient = unused });
        using var invoker = new HttpMessageInvoker(new EchoHandler());

        Assert.True(GrpcContracts.TrySetInvoker(channel, invoker));

        await new KeyValue.KeyValueClient(channel).DeleteAsync(new DeleteRequest(), cancellationToken: TestContext.Current.CancellationToken);
    }

    private static HttpRequestMessage Request(Uri address) => new(HttpMethod.Get, new Uri(address, "/none"))
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static HttpProtocolException Protocol(Exception failure) => Causes(failure).OfType<HttpProtocolException>().First();

    private static IEnumerable<Exception> Causes(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            yield return failure;
        }
    }

    private struct Unique
    {
        public long Value { get; set; }
    }

    private sealed class UnusedHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("The client sends still.");
    }

    /// <summary>Answers with the bytes of the request.</summary>
    private sealed class EchoHandler : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage { Version = HttpVersion.Version20, Content = new ByteArrayContent(await request.Content!.ReadAsByteArrayAsync(cancellationToken)) };
            response.Content.Headers.ContentType = new("application/grpc");
            response.TrailingHeaders.Add("grpc-status", "0");
            return response;
        }
    }

    private sealed class ThrowingLoggerFactory(string detail) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is RpcException { StatusCode: StatusCode.ResourceExhausted } failure && failure.Status.Detail == detail)
            {
                throw new RpcException(new Status(StatusCode.ResourceExhausted, "in better words"));
            }
        }
    }
}
