namespace PooledClients;

/// <summary>What a certificate is used for.</summary>
public enum CertificateUse
{
    /// <summary>A trusted authority.</summary>
    Authority,

    /// <summary>The client's own identity.</summary>
    Identity,

    /// <summary>A server showed it on a connection that is open.</summary>
    Server,
}
