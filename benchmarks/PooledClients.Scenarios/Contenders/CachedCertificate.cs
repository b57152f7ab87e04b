using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The first attempt at a repair: the certificate is cached, the dialing stays.</summary>
internal sealed class CachedCertificate() : DialPerCall("cached-certificate", "as dial-per-call, the CA's certificates being read once and cached")
{
    public override GrpcClients Build(GrpcClientSettings settings)
    {
        var roots = Trust.Read(settings.CaPath);
        return new Clients(settings, () => roots);
    }
}
