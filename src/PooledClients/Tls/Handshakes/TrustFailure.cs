namespace PooledClients.Tls.Handshakes;

/// <summary>Why a server's certificate was refused. A lower one says more, and is the one to show where only one fits.</summary>
internal enum TrustFailure
{
    NoCertificate,
    Revoked,
    BadSignature,
    UnknownAuthority,
    Expired,
    NotYetValid,
    WrongHost,
    WrongUsage,
    WeakKey,
    WeakSignature,
    NameConstraint,
    RevocationUnknown,
    Other,
}
