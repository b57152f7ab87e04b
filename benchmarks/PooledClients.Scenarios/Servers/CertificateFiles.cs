namespace PooledClients.Scenarios.Servers;

/// <summary>Where a certificate and its private key are, as PEM.</summary>
internal sealed record CertificateFiles(string CertificatePath, string KeyPath);
