using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Certificates;

namespace PooledClients.Tls.Handshakes;

/// <summary>Turns what the platform says of a chain into reasons that tell a person what to change.</summary>
internal static class TrustDiagnosis
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string AnyUsage = "2.5.29.37.0";

    public static List<(TrustFailure Failure, string Reason)> Explain(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, string? host)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return [(TrustFailure.NoCertificate, "it sent no certificate")];
        }

        var reasons = new List<(TrustFailure Failure, string Reason)>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain is not null)
        {
            foreach (var element in chain.ChainElements)
            {
                reasons.AddRange(element.ChainElementStatus.Select(status => ExplainElement(status.Status, element.Certificate, chain)));
            }

            // A status of the whole chain that no element carries.
            reasons.AddRange(chain.ChainStatus
                .Where(status => !chain.ChainElements.Any(element => element.ChainElementStatus.Any(own => own.Status == status.Status)))
                .Select(status => ExplainElement(status.Status, chain.ChainElements is [.., var last] ? last.Certificate : certificate, chain)));
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            reasons.Add((TrustFailure.WrongHost, $"it is not for {(IPAddress.TryParse(host, out _) ? "address" : "host")} '{host}' but for {Names(certificate)}"));
        }

        if (reasons.Count == 0)
        {
            reasons.Add((TrustFailure.Other, $"the platform refused it ({errors})"));
        }

        return [.. reasons.Distinct().OrderBy(static reason => reason.Failure)];
    }

    private static (TrustFailure Failure, string Reason) ExplainElement(X509ChainStatusFlags status, X509Certificate2 certificate, X509Chain chain)
    {
        var subject = CertificateText.Subject(certificate);
        return status switch
        {
            X509ChainStatusFlags.NotTimeValid => ExplainTime(certificate, subject),
            X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.Cyclic =>
                (TrustFailure.UnknownAuthority, ExplainAuthority(status, certificate, subject, chain)),
            X509ChainStatusFlags.NotSignatureValid => (TrustFailure.BadSignature, $"the signature of '{subject}' is not its issuer's or cannot be verified"),
            X509ChainStatusFlags.NotValidForUsage =>
                (TrustFailure.WrongUsage, $"'{UsageCulprit(chain) ?? subject}' does not allow server authentication"),
            X509ChainStatusFlags.InvalidBasicConstraints =>
                (TrustFailure.WrongUsage, $"'{subject}' may not issue the certificates below it (basic constraints or path length)"),
            X509ChainStatusFlags.Revoked or X509ChainStatusFlags.ExplicitDistrust => (TrustFailure.Revoked, $"'{subject}' is revoked or distrusted"),
            X509ChainStatusFlags.RevocationStatusUnknown or X509ChainStatusFlags.OfflineRevocation =>
                (TrustFailure.RevocationUnknown, $"whether '{subject}' is revoked could not be found out (RevocationMode asks for it)"),
            X509ChainStatusFlags.HasWeakSignature => (TrustFailure.WeakSignature, $"'{subject}' has a weak signature"),
            X509ChainStatusFlags.InvalidNameConstraints or X509ChainStatusFlags.HasExcludedNameConstraint
                or X509ChainStatusFlags.HasNotPermittedNameConstraint or X509ChainStatusFlags.HasNotDefinedNameConstraint
                or X509ChainStatusFlags.HasNotSupportedNameConstraint =>
                (TrustFailure.NameConstraint, $"a name in '{subject}' breaks the name constraints of an authority above it"),
            X509ChainStatusFlags.HasNotSupportedCriticalExtension =>
                (TrustFailure.Other, $"'{subject}' has a critical extension that the platform does not know"),
            _ => (TrustFailure.Other, $"'{subject}': {status}"),
        };
    }

    private static (TrustFailure Failure, string Reason) ExplainTime(X509Certificate2 certificate, string subject)
    {
        // The chain was checked against the system's clock, so that one tells the two cases apart.
        return certificate.NotBefore.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime
            ? (TrustFailure.NotYetValid, $"'{subject}' is not valid before {certificate.NotBefore.ToUniversalTime():u} (is this machine's clock right?)")
            : (TrustFailure.Expired, $"'{subject}' expired at {certificate.NotAfter.ToUniversalTime():u}");
    }

    private static string ExplainAuthority(X509ChainStatusFlags status, X509Certificate2 certificate, string subject, X509Chain chain)
    {
        if (status == X509ChainStatusFlags.UntrustedRoot)
        {
            return chain.ChainElements.Count == 1
                ? $"it is self-signed ('{subject}') and not among the trusted authorities"
                : $"its root '{subject}' is not among the trusted authorities";
        }

        return $"'{CertificateText.Issuer(certificate)}', the issuer of '{subject}', is unknown: its root is not among the trusted authorities, "
            + "or the server did not send an intermediate certificate";
    }

    /// <summary>The platform blames a whole chain for a wrong usage: the certificate that narrows it is the one to change.</summary>
    private static string? UsageCulprit(X509Chain chain) => chain.ChainElements
        .Select(static element => element.Certificate)
        .Where(static certificate => certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .Any(static usages => !usages.EnhancedKeyUsages.Cast<Oid>().Any(static usage => usage.Value is ServerAuthentication or AnyUsage)))
        .Select(CertificateText.Subject)
        .FirstOrDefault();

    private static string Names(X509Certificate2 certificate)
    {
        const int Most = 8;
        var extension = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        if (extension is null)
        {
            return "no name at all (it has no subject alternative name)";
        }

        string[] names =
        [
            .. extension.EnumerateDnsNames().Select(static name => $"'{CertificateText.Clean(name)}'"),
            .. extension.EnumerateIPAddresses().Select(static address => $"address '{address}'"),
        ];
        return names.Length == 0
            ? "no host at all (its subject alternative name holds no DNS name and no IP address)"
            : string.Join(", ", names.Take(Most))
                + (names.Length > Most ? $" and {names.Length - Most} more" : string.Empty);
    }
}
