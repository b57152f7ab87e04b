using System.Globalization;
using System.Net;
using Grpc.Core;
using PooledClients.Platform;

namespace PooledClients.Grpc.Statuses;

/// <summary>What the headers of a response say of the call, as the channel will read them.</summary>
internal static class GrpcAnswer
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";

    /// <summary>
    /// The status of a response that consists of its headers: the server says it there where no message follows, and one that does not
    /// speak gRPC says it by HTTP's own (gRPC's <c>http-grpc-status-mapping</c>). <see langword="null"/> where messages may follow.
    /// </summary>
    public static StatusCode? StatusOf(HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.TryGetValues(StatusHeader, out var status))
        {
            return int.TryParse(status.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (StatusCode)code : StatusCode.Unknown;
        }

        return response.StatusCode switch
        {
            HttpStatusCode.OK => null,
            HttpStatusCode.BadRequest or HttpStatusCode.RequestHeaderFieldsTooLarge => StatusCode.Internal,
            HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
            HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
            HttpStatusCode.NotFound => StatusCode.Unimplemented,
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
                => StatusCode.Unavailable,
            _ => StatusCode.Unknown,
        };
    }

    /// <summary>The failure that a response of this status is.</summary>
    public static RpcException FailureOf(HttpResponseMessage response, StatusCode status)
    {
        var headers = response.Headers.NonValidated;
        var trailers = new Metadata();
        if (headers.TryGetValues(RetryPushback.Trailer, out var pushback))
        {
            trailers.Add(RetryPushback.Trailer, pushback.ToString());
        }

        var detail = headers.TryGetValues(MessageHeader, out var message) ? Uri.UnescapeDataString(message.ToString())
            : headers.Contains(StatusHeader) ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
        return new RpcException(new Status(status, detail), trailers);
    }

    /// <summary>A response's headers, without what it holds.</summary>
    public static HttpResponseMessage HeadOf(HttpResponseMessage response)
    {
        var head = new HttpResponseMessage(response.StatusCode)
        {
            Version = response.Version,
            RequestMessage = response.RequestMessage,
            Content = new ByteArrayContent([]),
        };
        head.Headers.AddAsTheyCame(response.Headers.NonValidated);
        head.Content.Headers.ContentType = response.Content.Headers.ContentType;
        return head;
    }

    /// <summary>Has a response say this status, whatever it said; its other headers stay.</summary>
    public static void SetStatus(HttpResponseMessage response, Status status)
    {
        response.Headers.Remove(StatusHeader);
        response.Headers.Remove(MessageHeader);
        response.Headers.TryAddWithoutValidation(StatusHeader, ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture));
        response.Headers.TryAddWithoutValidation(MessageHeader, Uri.EscapeDataString(status.Detail));
    }
}
