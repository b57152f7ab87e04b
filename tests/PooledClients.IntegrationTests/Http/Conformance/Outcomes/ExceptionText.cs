using System.Net.Sockets;

namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>An exception as code that handles it sees it: its type and those within, and what the types carry. No text of a message.</summary>
internal static class ExceptionText
{
    public static string Describe(Exception exception, CancellationToken token)
    {
        var parts = new List<string>();
        for (var current = exception; current is not null; current = current.InnerException)
        {
            parts.Add(Name(current) + Details(current, isOutermost: current == exception, token));
            if (current is OperationCanceledException && current.InnerException is not (OperationCanceledException or TimeoutException))
            {
                // Which half of the connection notices first that a request was given up is a matter of luck, with plain too.
                break;
            }
        }

        return string.Join(" < ", parts);
    }

    // The two kinds of cancellation tell only who noticed it first.
    private static string Name(Exception exception) => exception is OperationCanceledException ? nameof(TaskCanceledException) : exception.GetType().Name;

    private static string Details(Exception exception, bool isOutermost, CancellationToken token) => exception switch
    {
        HttpRequestException request => $"({request.HttpRequestError}{(request.StatusCode is { } status ? $", {(int)status}" : "")})",
        HttpProtocolException protocol => $"({protocol.HttpRequestError}, {protocol.ErrorCode})",
        HttpIOException io => $"({io.HttpRequestError})",

        // How a connection that was in use has ended, reset or shut, is told by whichever half of it is asked first.
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "(refused)",
        ArgumentException argument => $"({argument.ParamName})",
        OperationCanceledException cancelled when isOutermost && token.CanBeCanceled && cancelled.CancellationToken == token => "(the caller's token)",
        _ => "",
    };
}
