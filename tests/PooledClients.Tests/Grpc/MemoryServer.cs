using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Tests.Grpc;

/// <summary>Answers gRPC requests in memory, one scripted answer after another; the last one for good.</summary>
internal sealed class MemoryServer(params MemoryServer.Answer[] answers) : HttpMessageHandler
{
    private readonly ConcurrentQueue<Answer> _answers = new(answers);
    private readonly TaskCompletionSource _hangCancelled = new();
    private Answer? _last;

    public delegate Task<HttpResponseMessage> Answer(HttpRequestMessage request, CancellationToken cancellationToken);

    public ConcurrentQueue<HttpRequestMessage> Requests { get; } = new();

    /// <summary>What each request said of the attempts before it; nothing where it did not.</summary>
    public ConcurrentQueue<string> PreviousAttempts { get; } = new();

    /// <summary>Every request, as it arrives.</summary>
    public Channel<HttpRequestMessage> Arrivals { get; } = Channel.CreateUnbounded<HttpRequestMessage>();

    /// <summary>Done once a hanging request was cancelled.</summary>
    public Task HangCancelled => _hangCancelled.Task;

    public static Answer Ok(params IMessage[] messages) => (request, _) => Task.FromResult(Response(request, messages, StatusCode.OK, string.Empty));

    /// <summary>Fails before the first message: the status stands in the headers.</summary>
    public static Answer Fail(StatusCode status, string detail = "scripted", string? pushback = null) => (request, _) =>
    {
        var response = Response(request, [], null, detail);
        response.Headers.TryAddWithoutValidation("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        response.Headers.TryAddWithoutValidation("grpc-message", detail);
        if (pushback is not null)
        {
            response.Headers.TryAddWithoutValidation("grpc-retry-pushback-ms", pushback);
        }

        return Task.FromResult(response);
    };

    /// <summary>Fails after headers and messages.</summary>
    public static Answer FailAfter(StatusCode status, params IMessage[] messages) =>
        (request, _) => Task.FromResult(Response(request, messages, status, "scripted, late"));

    /// <summary>Sends its headers at once and its messages when told.</summary>
    public static Answer OkWhen(Task signal, params IMessage[] messages) => (request, _) =>
    {
        var response = Response(request, messages, StatusCode.OK, string.Empty);
        var type = response.Content.Headers.ContentType;
        response.Content = new StreamContent(new LateStream(signal, response.Content.ReadAsStream(CancellationToken.None)));
        response.Content.Headers.ContentType = type;
        return Task.FromResult(response);
    };

    public static Answer Throw(Func<Exception> exception) => (_, _) => Task.FromException<HttpResponseMessage>(exception());

    public static Answer Throw(Exception exception) => Throw(() => exception);

    public Answer Hang => async (_, cancellationToken) =>
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            _hangCancelled.TrySetResult();
        }

        throw new InvalidOperationException();
    };

    /// <summary>Answers when told.</summary>
    public static Answer When(Task signal, Answer answer) => async (request, cancellationToken) =>
    {
        await signal.WaitAsync(cancellationToken);
        return await answer(request, cancellationToken);
    };

    public void Add(Answer answer) => _answers.Enqueue(answer);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(request);
        PreviousAttempts.Enqueue(request.Headers.TryGetValues("grpc-previous-rpc-attempts", out var previous) ? previous.Single() : string.Empty);
        Arrivals.Writer.TryWrite(request);
        var answer = _answers.TryDequeue(out var next) ? _last = next : _last!;
        return AnswerAsync(answer, request, CallScope.Of(request), cancellationToken);
    }

    // As the handler below a pooled channel does.
    private static async Task<HttpResponseMessage> AnswerAsync(Answer answer, HttpRequestMessage request, CallScope? call, CancellationToken cancellationToken)
    {
        await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
        var response = await answer(request, cancellationToken);
        call?.OnHeaders(isEnd: GrpcAnswer.StatusOf(response) is not null);
        return response;
    }

    private static HttpResponseMessage Response(HttpRequestMessage request, IMessage[] messages, StatusCode? status, string detail)
    {
        var body = new MemoryStream();
        foreach (var message in messages)
        {
            var bytes = message.ToByteArray();
            body.Write([0, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length]);
            body.Write(bytes);
        }

        body.Position = 0;
        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Version = HttpVersion.Version20,
            RequestMessage = request,
            Content = new StreamContent(body),
        };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        response.Headers.TryAddWithoutValidation("attempt", request.Headers.TryGetValues("grpc-previous-rpc-attempts", out var previous) ? previous.Single() : "0");
        if (status is { } code)
        {
            response.TrailingHeaders.TryAddWithoutValidation("grpc-status", ((int)code).ToString(CultureInfo.InvariantCulture));
            response.TrailingHeaders.TryAddWithoutValidation("grpc-message", detail);
        }

        return response;
    }
}
