using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tls;

/// <summary>Trust and identity as they were at one moment. Immutable: whoever compares or restores does so against this, and not against a later state.</summary>
/// <param name="Trust">The authorities; null means the system's.</param>
/// <param name="Identity">The identity; null means none.</param>
/// <param name="RevocationMode">Whether revocation is checked.</param>
internal sealed record TlsMaterial(TrustBundle? Trust, ClientIdentity? Identity, X509RevocationMode RevocationMode)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>What a handshake needs. A fresh one each time: nobody may mutate one that a handler has.</summary>
    public SslClientAuthenticationOptions CreateAuthenticationOptions() => new()
    {
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateRevocationCheckMode = RevocationMode,
        CertificateChainPolicy = CreateChainPolicy(),
        ClientCertificateContext = Identity?.Context,
        RemoteCertificateValidationCallback = new ServerCertificateValidator(Trust, Identity).Validate,
    };

    private X509ChainPolicy CreateChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = RevocationMode,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(ServerAuthentication);
        if (Trust is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            foreach (var certificate in Trust.Certificates)
            {
                policy.CustomTrustStore.Add(certificate);
            }
        }

        return policy;
    }
}
