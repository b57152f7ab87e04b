using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace PooledClients.Scenarios.Servers;

/// <summary>The certificate that a server shows and the one authority whose clients it takes; both can change while it runs.</summary>
internal sealed class ServerTls
{
    private X509Certificate2 _certificate;
    private X509Certificate2? _clientCa;

    public ServerTls(CertificateFiles certificate, string? clientCaPath)
    {
        _certificate = Load(certificate);
        _clientCa = clientCaPath is null ? null : X509CertificateLoader.LoadCertificateFromFile(clientCaPath);
    }

    public void UseCertificate(CertificateFiles files) => Volatile.Write(ref _certificate, Load(files));

    public void UseClientCa(string path) => Volatile.Write(ref _clientCa, X509CertificateLoader.LoadCertificateFromFile(path));

    public void Configure(HttpsConnectionAdapterOptions options)
    {
        options.ServerCertificateSelector = (_, _) => Volatile.Read(ref _certificate);
        if (_clientCa is not null)
        {
            options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            options.ClientCertificateValidation = (certificate, _, _) => Accepts(certificate);
        }
    }

    private static X509Certificate2 Load(CertificateFiles files) => X509Certificate2.CreateFromPemFile(files.CertificatePath, files.KeyPath);

    private bool Accepts(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Volatile.Read(ref _clientCa)!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }
}
