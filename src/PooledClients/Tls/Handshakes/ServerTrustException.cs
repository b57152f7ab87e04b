using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// The server's certificate was refused. It is an <see cref="AuthenticationException"/>, as any failed handshake is, and reaches the
/// caller as an inner exception. Trying again soon is of no use: only other files, on one side or the other, can help.
/// </summary>
internal sealed class ServerTrustException : AuthenticationException
{
    public ServerTrustException(TrustFailure failure, string message)
        : base(message) => Failure = failure;

    public TrustFailure Failure { get; }

    /// <summary>Finds a refusal anywhere in an exception's chain of causes.</summary>
    public static bool TryFind(Exception? exception, [NotNullWhen(true)] out ServerTrustException? found)
    {
        found = exception.Find<ServerTrustException>();
        return found is not null;
    }
}
