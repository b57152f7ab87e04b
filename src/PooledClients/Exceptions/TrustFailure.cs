namespace PooledClients;

/// <summary>Why a server's certificate was refused. Where several reasons hold, the one that comes first here is told.</summary>
public enum TrustFailure
{
    /// <summary>The server sent none.</summary>
    NoCertificate,

    /// <summary>It, or one above it, is revoked or distrusted.</summary>
    Revoked,

    /// <summary>A signature is not its issuer's, or cannot be verified.</summary>
    BadSignature,

    /// <summary>It does not lead to an authority that the client trusts.</summary>
    UnknownAuthority,

    /// <summary>It, or one above it, was valid until some time ago.</summary>
    Expired,

    /// <summary>It, or one above it, is not valid yet.</summary>
    NotYetValid,

    /// <summary>It is not for the host that was called.</summary>
    WrongHost,

    /// <summary>It may not be used by a server, or one above it may not issue it.</summary>
    WrongUsage,

    /// <summary>A key is too short.</summary>
    WeakKey,

    /// <summary>A signature is over a hash that is no longer trusted.</summary>
    WeakSignature,

    /// <summary>A name breaks the constraints of an authority.</summary>
    NameConstraint,

    /// <summary>Whether it is revoked was to be found out (<see cref="TlsOptions.RevocationMode"/>), and could not be.</summary>
    RevocationUnknown,

    /// <summary>Another reason, which the message tells.</summary>
    Other,
}
