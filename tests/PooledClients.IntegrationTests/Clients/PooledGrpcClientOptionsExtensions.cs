using PooledClients.TestBed.Certificates;

namespace PooledClients.IntegrationTests.Clients;

internal static class PooledGrpcClientOptionsExtensions
{
    /// <summary>Sets the address and, where it is a TLS one, trusts <paramref name="authority"/>, or the shared one.</summary>
    public static void ConnectTo(this PooledGrpcClientOptions options, Uri address, TestAuthority? authority = null)
    {
        options.Address = address;
        if (address.Scheme == Uri.UriSchemeHttps)
        {
            options.Tls.CaCertificatePem = (authority ?? TestAuthority.Shared).Pem;
        }
    }
}
