using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace PooledClients.Platform;

/// <summary>
/// Everything that the library takes for granted of the runtime beyond its public contract, one member each:
/// seen in which version, needed why, and asked of the running runtime by a test. Error codes (<see cref="HttpProtocolException.ErrorCode"/>,
/// <see cref="HttpRequestError"/>, <see cref="System.Net.Sockets.SocketError"/>) are contracts and are asked first wherever they tell; where only
/// texts do, they are those of <see cref="RuntimeTexts"/>. What it takes for granted of tasks is in <see cref="RuntimeTasks"/>, and
/// of Grpc.Net.Client in <see cref="GrpcContracts"/>.
/// </summary>
internal static class RuntimeContracts
{
    /// <summary>The number of "too many open files in system": what .NET 10 makes of EMFILE at a socket, on Linux and macOS.</summary>
    public const int Enfile = 23;

    /// <summary>The number of "too many open files", as it comes from files, on Linux and macOS.</summary>
    public const int Emfile = 24;

    /// <summary>
    /// What name resolution reports in .NET 10 on Linux when it could not open its own socket for want of a descriptor: "Unknown socket error".
    /// </summary>
    public const int UnknownSocketError = -131074;

    /// <summary>
    /// How many buffers of one length the shared array pool of .NET 10 keeps for a processor, unless the environment says otherwise; a burst
    /// of responses that takes more is allocated anew.
    /// </summary>
    public const int PooledBuffersAProcessor = 32;

    /// <summary>
    /// The namespace of the handlers of Microsoft.Extensions.Http.Resilience 10, which are internal: a client that has one is left to it.
    /// </summary>
    public const string ResilienceNamespace = "Microsoft.Extensions.Http.Resilience.";

    /// <summary>
    /// The handler of Microsoft.Extensions.Http.Polly 10, which AddPolicyHandler and AddTransientHttpErrorPolicy add: a client that has one is left to
    /// it. The library takes no dependency on its package for the name.
    /// </summary>
    public const string PolicyHandler = "Microsoft.Extensions.Http.PolicyHttpMessageHandler";

    /// <summary>
    /// The option in which the callbacks of <see cref="System.Net.Http.Metrics.HttpMetricsEnrichmentContext"/> travel. .NET 10 takes it out as it asks
    /// them: a request that is sent again has none, and one that was never measured still has all.
    /// </summary>
    public const string EnrichmentKey = "HttpMetricsEnrichmentContext";

    /// <summary>
    /// Whether a handler is that of Microsoft.Extensions.ServiceDiscovery 10, whose type is internal: it puts an endpoint's address in place of a service's
    /// name, and has a timer from its first request on, which its disposal does not end.
    /// </summary>
    public static bool IsDiscovery(Type handler) => handler.FullName?.StartsWith("Microsoft.Extensions.ServiceDiscovery.", StringComparison.Ordinal) == true;

    /// <summary>
    /// The type of the one stream that every bodyless response of .NET 10 has; it is internal. Such a response holds no connection, and
    /// nothing else tells.
    /// </summary>
    public static Type EmptyBodyStream { get; } = GetEmptyBodyStream();

    /// <summary>
    /// Whether a content of this type is what .NET 10's handler made of an answer: its types are internal, decompressing ones too, and their stream
    /// is there to be taken, once; no public type is among them.
    /// </summary>
    public static bool IsOfTransport(Type content) => content.Assembly == typeof(HttpContent).Assembly && !content.IsVisible && content != EmptyContent;

    /// <summary>Whether a content is that of a response which was given none: .NET 10's is internal, and can be read as often as one likes.</summary>
    public static bool IsEmpty(HttpContent content) => content.GetType() == EmptyContent;

    /// <summary>
    /// Whether what an <see cref="ObjectDisposedException"/> names is a connection: .NET 10's streams and sockets, which are disposed by whoever sees the
    /// end of a connection first. It gives the full name of the type, but of a few the short one; some of its types are internal. Streams of others, which
    /// contents are read from, have names of their own.
    /// </summary>
    public static bool IsOfConnection(string objectName) =>
        objectName is "SslStream" or "HttpConnection" or "Http2Connection" or "Http2WriteStream" or "Http2ReadStream" or "Http3WriteStream" or "Http3ReadStream"
        || objectName.StartsWith("CreditManager", StringComparison.Ordinal)
        || objectName.StartsWith("System.Net.Sockets.", StringComparison.Ordinal)
        || objectName.StartsWith("System.Net.Security.", StringComparison.Ordinal)
        || (objectName.EndsWith("Stream", StringComparison.Ordinal) && IsOfSender(objectName));

    /// <summary>
    /// Whether what an <see cref="ObjectDisposedException"/> names is what sends requests, ours or the runtime's: this process has disposed it. What a
    /// content or a serialiser finds disposed is neither.
    /// </summary>
    public static bool IsOfSender(string objectName) =>
        objectName.StartsWith("System.Net.Http.", StringComparison.Ordinal)
        || objectName.StartsWith("PooledClients.", StringComparison.Ordinal)
        || objectName == "ConnectionGate";

    /// <summary>
    /// Whether a connection failed what was written to it, rather than who wrote: serialisers, and the streams of callers, fail with an
    /// <see cref="IOException"/> too. .NET 10's connections throw types of their own or the plain one, and out of their own code, which an application that is
    /// compiled ahead of time does not name: a plain one is theirs there.
    /// </summary>
    public static bool IsOfConnection(IOException exception) =>
        IsOfConnection(exception.GetType().Assembly) || exception.Source switch
        {
            null => true,
            "<unknown>" => exception.GetType() == typeof(IOException),
            var source => source.StartsWith("System.Net.", StringComparison.Ordinal) || source == OwnName,
        };

    /// <summary>
    /// Whether a write has met the end of its HTTP/2 request: .NET 10 looks twice at what a write waits by, which the end of the request takes away
    /// between the two (Http2Stream.SendDataAsync and Complete). No peer can time that. Compiled ahead of time its code is not named.
    /// </summary>
    public static bool IsEndOfRequest(Exception exception) => exception is NullReferenceException { Source: "System.Net.Http" or "<unknown>" };

    /// <summary>
    /// Whether the name of a file that was not found is an assembly's: .NET 10 gives its display name. It remembers a load that failed for
    /// want of a descriptor, which no other property tells from a file of the application's.
    /// </summary>
    public static bool NamesAssembly(string? fileName) => fileName is not null && fileName.Contains(", Version=", StringComparison.Ordinal);

    /// <summary>
    /// Whether a server's GOAWAY ended the connection, rather than a RST_STREAM one stream: .NET 10 has one exception for both, and only its
    /// text differs.
    /// </summary>
    public static bool IsConnectionClose(HttpProtocolException exception) =>
        RuntimeTexts.Says(exception, "net_http_http2_connection_close");

    /// <summary>Whether this side ended the connection because the server broke the protocol; .NET 10 tells by the text alone.</summary>
    public static bool IsConnectionError(HttpProtocolException exception) =>
        RuntimeTexts.Says(exception, "net_http_http2_connection_error");

    /// <summary>
    /// Whether the runtime could send the request again by itself, for its stream was refused or above GOAWAY's last id, and gave up after
    /// three times. The retry type of .NET 10's exception is internal; the text of the outer exception differs from the error's below it.
    /// </summary>
    public static bool GaveUpSendingAgain(Exception exception) =>
        exception is HttpRequestException { InnerException: HttpProtocolException } && RuntimeTexts.Says(exception, "net_http_request_aborted");

    /// <summary>
    /// Whether the request came to a connection that took no more: nothing of it was sent. .NET 10 has no error code for it.
    /// </summary>
    public static bool IsConnectionShutDown(Exception exception) =>
        exception is HttpRequestException && RuntimeTexts.Says(exception, "net_http_server_shutdown");

    /// <summary>
    /// Whether a connection ended before HTTP/2's handshake was over: nothing on it was processed. .NET 10 has no error code for it.
    /// </summary>
    public static bool IsHandshakeUnfinished(Exception exception) =>
        exception is IOException or HttpRequestException
        && RuntimeTexts.Says(exception, "net_http_http2_connection_not_established");

    /// <summary>
    /// Whether a request's headers are larger than the server's SETTINGS_MAX_HEADER_LIST_SIZE: nothing was sent. .NET 10 gives it no
    /// <see cref="HttpRequestError"/>.
    /// </summary>
    public static bool IsRequestHeaderLimit(Exception exception) =>
        exception is HttpRequestException && RuntimeTexts.Says(exception, "net_http_request_headers_exceeded_length");

    /// <summary>
    /// Whether a request cannot be sent as it is: a header that is not ASCII, or a content that is longer or shorter than its length. .NET 10 gives
    /// it no <see cref="HttpRequestError"/>.
    /// </summary>
    public static bool IsUnsendable(Exception exception) =>
        exception is HttpRequestException
        && (RuntimeTexts.Says(exception, "net_http_request_invalid_char_encoding")
            || RuntimeTexts.Says(exception, "net_http_request_content_length_mismatch")
            || RuntimeTexts.Says(exception, "net_http_content_write_larger_than_content_length"));

    /// <summary>
    /// Whether a content failed as it was sent by what it reads from, rather than by the connection that it was written to: .NET 10 tells both alike,
    /// over HTTP/1.1 as a copy that failed and over HTTP/2 as a request that did, and only whose code threw what is within tells them apart.
    /// </summary>
    public static bool IsSourceError(Exception exception) =>
        exception is HttpRequestException { InnerException: IOException failure }
        && (RuntimeTexts.Says(exception, "net_http_content_stream_copy_error") || RuntimeTexts.Says(exception, "net_http_client_execution_error"))
        && !IsOfConnection(failure);

    /// <summary>
    /// Whether one header of an HTTP/2 answer alone is larger than <see cref="SocketsHttpHandler.MaxResponseHeadersLength"/>: .NET 10 finds that
    /// while it decodes, in an exception whose type is internal; many small headers are a <see cref="HttpRequestError.ConfigurationLimitExceeded"/>.
    /// </summary>
    public static bool IsResponseHeaderLimit(Exception exception) =>
        exception.GetType().Assembly == typeof(HttpContent).Assembly && RuntimeTexts.Says(exception, "net_http_headers_exceeded_length");

    /// <summary>
    /// Serialises a content to a stream. The method is protected, but a content may call it on another of its own kind in .NET 10, and what
    /// <see cref="HttpContent.CopyToAsync(Stream)"/> adds to it is a task more a call.
    /// </summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    public static extern Task SerializeToStreamAsync(HttpContent content, Stream stream, TransportContext? context, CancellationToken cancellationToken);

    /// <summary>The length of a content, where it knows it. The method is protected, and so part of .NET 10's contract with derived types.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    public static extern bool TryComputeLength(HttpContent content, out long length);

    /// <summary>
    /// Gives <paramref name="to"/> the headers of <paramref name="from"/> themselves, where .NET still has the two fields of .NET 10 that
    /// hold them; else nothing is done. Copies would lose what no public member tells: that a length was taken away on purpose.
    /// </summary>
    public static bool TryGiveHeaders(HttpContent from, HttpContent to)
    {
        if (!CanGiveHeaders)
        {
            return false;
        }

        var headers = from.Headers;
        HeadersOf(to) = headers;
        ContentOf(headers) = to;
        return true;
    }

    /// <summary>
    /// The stream below a TLS stream. The property is protected, and so part of .NET 10's contract with derived types; nothing else leads
    /// from a handshake to its connection.
    /// </summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_InnerStream")]
    public static extern Stream InnerStreamOf(AuthenticatedStream stream);

    /// <summary>
    /// Whether a stream is what .NET 10 buffers a response in, for <c>GetStringAsync</c> and its kin, for a request that is not
    /// <see cref="HttpCompletionOption.ResponseHeadersRead"/>, and for <see cref="HttpContent.LoadIntoBufferAsync()"/>. Its type is internal, and
    /// nothing else tells a handler whether the caller reads the body as a stream.
    /// </summary>
    public static bool IsBuffer(Stream stream) => stream.GetType() == BufferOfContent;

    /// <summary>
    /// Whether a stream is a connection's, which sends what is written to it. Their types are internal to System.Net.Http, as of .NET 10, and the only other
    /// such stream is the buffer of a content; who reads a request's content for a look at it has it written to the buffer, or to a stream of its own.
    /// </summary>
    public static bool IsConnection(Stream stream) => stream.GetType().Assembly == typeof(HttpContent).Assembly && !IsBuffer(stream);

    private static string? OwnName { get; } = typeof(RuntimeContracts).Assembly.GetName().Name;

    private static bool IsOfConnection(Assembly assembly) => assembly == typeof(HttpContent).Assembly || assembly == typeof(RuntimeContracts).Assembly;

    private static Type EmptyContent { get; } = GetEmptyContent();

    private static Type BufferOfContent { get; } = BufferProbe.Find();

    /// <summary>
    /// Whether a request has any header. To ask for its collection makes one, which costs each request some 100 bytes; whether there is one is an
    /// internal property of .NET 10, without which it is asked for all the same.
    /// </summary>
    public static bool HasHeaders(HttpRequestMessage request) => (!CanSeeHeaders || HasCollection(request)) && request.Headers.NonValidated.Count > 0;

    private static bool CanSeeHeaders { get; } = FindCollection();

    private static bool CanGiveHeaders { get; } = FindHeaders();

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_HasHeaders")]
    private static extern bool HasCollection(HttpRequestMessage request);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_headers")]
    private static extern ref HttpContentHeaders? HeadersOf(HttpContent content);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_parent")]
    private static extern ref HttpContent ContentOf(HttpContentHeaders headers);

    private static bool FindCollection()
    {
        using var request = new HttpRequestMessage();
        try
        {
            return !HasCollection(request) && request.Headers is not null && HasCollection(request);
        }
        catch (MissingMethodException)
        {
            return false;
        }
    }

    private static bool FindHeaders()
    {
        using var content = new ByteArrayContent([]);
        try
        {
            return ReferenceEquals(ContentOf(content.Headers), content) && ReferenceEquals(HeadersOf(content), content.Headers);
        }
        catch (MissingFieldException)
        {
            return false;
        }
    }

    private static Type GetEmptyContent()
    {
        using var response = new HttpResponseMessage();
        return response.Content.GetType();
    }

    private static Type GetEmptyBodyStream()
    {
        using var response = new HttpResponseMessage();
        return response.Content.ReadAsStream().GetType();
    }
}
