using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Tls;

/// <summary>
/// Stands beside the built-in checks and can only refuse more: it never turns one of their errors into acceptance. It throws where
/// it could return false, for an exception reaches the caller with its words and a refusal reaches nobody.
/// </summary>
internal sealed class ServerCertificateValidator(TrustBundle? trust)
{
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.None)
        {
            throw new AuthenticationException($"The server's certificate was refused: {errors}, CA {trust?.Source ?? "of the system"}.");
        }

        return errors == SslPolicyErrors.None;
    }
}
