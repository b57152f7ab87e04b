using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// Stands beside the built-in checks and can only refuse more: it never turns one of their errors into acceptance. It throws where
/// it could return false, for an exception reaches the caller with its words and a refusal reaches nobody.
/// </summary>
internal sealed class ServerCertificateValidator(TrustBundle? trust, ClientIdentity? identity)
{
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var handshake = HandshakeRecorder.Find(sender);
        var leaf = certificate as X509Certificate2;
        var host = (sender as SslStream)?.TargetHostName ?? string.Empty;
        if (errors == SslPolicyErrors.None && leaf is not null && IsNamedByCommonNameOnly(leaf, host))
        {
            errors = SslPolicyErrors.RemoteCertificateNameMismatch;
        }

        var reasons = errors == SslPolicyErrors.None && chain is not null
            ? FindWeakness(chain)
            : TrustDiagnosis.Explain(leaf, chain, errors, host);

        if (reasons.Count > 0)
        {
            var refusal = new ServerTrustException(reasons[0].Failure, Describe(host, leaf, reasons));
            handshake?.Failed(refusal);
            throw refusal;
        }

        handshake?.Verified(chain, trust?.Source ?? "system", identity);
        return errors == SslPolicyErrors.None;
    }

    /// <summary>
    /// The platform still takes a host's name, and even its address, from the common name; nothing else does since RFC 9525.
    /// </summary>
    private static bool IsNamedByCommonNameOnly(X509Certificate2 leaf, string host)
    {
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return IPAddress.TryParse(host, out var address)
            ? names is null || !names.EnumerateIPAddresses().Any(name => IsSame(name, address))
            : names is null || !names.EnumerateDnsNames().Any();
    }

    // By bytes, for a link-local address to connect to also has a zone.
    private static bool IsSame(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    private static List<(TrustFailure Failure, string Reason)> FindWeakness(X509Chain chain)
    {
        var reasons = new List<(TrustFailure Failure, string Reason)>();
        for (var i = 0; i < chain.ChainElements.Count; i++)
        {
            var certificate = chain.ChainElements[i].Certificate;
            if (CertificateFloor.FindWeakKey(certificate) is { } key)
            {
                reasons.Add((TrustFailure.WeakKey, $"'{CertificateText.Subject(certificate)}' has {key}"));
            }

            // The root is trusted for being in the file, not for its signature.
            var isRoot = i > 0 && i == chain.ChainElements.Count - 1;
            if (!isRoot && CertificateFloor.FindWeakSignature(certificate) is { } signature)
            {
                reasons.Add((TrustFailure.WeakSignature, $"'{CertificateText.Subject(certificate)}' has {signature}"));
            }
        }

        return reasons;
    }

    private string Describe(string host, X509Certificate2? leaf, List<(TrustFailure Failure, string Reason)> reasons)
    {
        var certificate = leaf is null ? string.Empty
            : $" Its certificate: subject '{CertificateText.Subject(leaf)}', issuer '{CertificateText.Issuer(leaf)}', thumbprint {leaf.Thumbprint}.";
        var authorities = trust is null
            ? "the system's"
            : $"the {trust.Certificates.Length} of {(trust.Source == nameof(TlsOptions.CaCertificatePem) ? trust.Source : $"CA file '{trust.Source}'")}";
        return $"Server '{host}' is not trusted: {string.Join("; ", reasons.Select(static reason => reason.Reason))}.{certificate}"
            + $" Trusted authorities: {authorities}.";
    }
}
