using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Tls.Certificates;

/// <summary>What a certificate says, fit for a log line: its words are the peer's, so they are bounded and hold no control character.</summary>
internal static class CertificateText
{
    private const int MaxLength = 200;

    public static string Subject(X509Certificate2 certificate) => Clean(certificate.Subject);

    public static string Issuer(X509Certificate2 certificate) => Clean(certificate.Issuer);

    public static string Clean(string name)
    {
        if (name.Length == 0)
        {
            return "(empty)";
        }

        var text = name.Length > MaxLength ? string.Concat(name.AsSpan(0, MaxLength), "...") : name;
        return text.Any(char.IsControl)
            ? string.Create(text.Length, text, static (span, source) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = char.IsControl(source[i]) ? '?' : source[i];
                }
            })
            : text;
    }
}
