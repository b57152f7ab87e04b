using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;

namespace PooledClients;

/// <summary>
/// The server's certificate was refused. It is an <see cref="AuthenticationException"/>, as any failed handshake is, and reaches the
/// caller as an inner exception: of the <see cref="HttpRequestException"/>, or of the <c>RpcException</c>'s <c>Status.DebugException</c>.
/// Trying again soon is of no use: only other files, on one side or the other, can help.
/// </summary>
public sealed class ServerTrustException : AuthenticationException
{
    internal ServerTrustException(TrustFailure failure, string message)
        : base(message) => Failure = failure;

    /// <summary>Gets the reason that says most; the message has them all, with what to do.</summary>
    public TrustFailure Failure { get; }

    /// <summary>Finds a refusal anywhere in an exception's chain of causes.</summary>
    internal static bool TryFind(Exception? exception, [NotNullWhen(true)] out ServerTrustException? found)
    {
        found = exception.Find<ServerTrustException>();
        return found is not null;
    }
}
