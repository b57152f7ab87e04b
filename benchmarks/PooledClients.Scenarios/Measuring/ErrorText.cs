using System.Net.Sockets;
using Grpc.Core;

namespace PooledClients.Scenarios.Measuring;

/// <summary>Puts a failure into one line: what its caller reads, and the cause at its bottom.</summary>
internal static class ErrorText
{
    private const int MaxLength = 400;

    /// <summary>Loads what describing an error needs, so that it is never the bench itself that fails for want of a descriptor.</summary>
    public static void Preload() => _ = Of(new RpcException(new Status(StatusCode.Unknown, "", new SocketException((int)SocketError.SocketError))));

    public static string Of(Exception error)
    {
        try
        {
            var head = error is RpcException rpc ? $"{rpc.StatusCode}: {rpc.Status.Detail}" : $"{error.GetType().Name}: {error.Message}";
            var cause = Bottom(error);
            var text = cause is null || head.Contains(cause.Message, StringComparison.Ordinal) ? head : $"{head} <- {Name(cause)}: {cause.Message}";
            text = text.ReplaceLineEndings(" ");
            return text.Length > MaxLength ? text[..MaxLength] : text;
        }
        catch (Exception secondary)
        {
            // At the limit of descriptors even a message may need an assembly that can no longer be loaded.
            return $"{error.GetType().Name} ({secondary.GetType().Name} while reading it)";
        }
    }

    private static Exception? Bottom(Exception error)
    {
        Exception? bottom = null;
        for (var next = Cause(error); next is not null; next = Cause(next))
        {
            bottom = next;
        }

        return bottom;
    }

    private static Exception? Cause(Exception error) => error is RpcException { Status.DebugException: { } cause } ? cause : error.InnerException;

    private static string Name(Exception error) => error is SocketException socket ? $"SocketException {socket.NativeErrorCode}" : error.GetType().Name;
}
