using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace PooledClients.Tls;

/// <summary>What has to be equal for two clients to share trust and identity. It holds no secret but the identity's password.</summary>
internal sealed record ContextKey(string? CaPath, string? CaPemHash, IdentityKey? Identity, X509RevocationMode RevocationMode)
{
    public static ContextKey Of(TlsOptions options) => new(
        options.CaCertificatePath is { } path ? Path.GetFullPath(path) : null,
        options.CaCertificatePem is { } pem ? Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(pem))) : null,
        IdentityKey.Of(options),
        options.RevocationMode);
}
