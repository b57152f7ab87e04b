using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.Tls.Certificates;

/// <summary>The least a certificate's key and signature must be; the platform alone accepts RSA with 1024 bits.</summary>
internal static class CertificateFloor
{
    public const int RsaBits = 2048;
    public const int EllipticCurveBits = 256;

    private const string Pss = "1.2.840.113549.1.1.10";
    private const string Sha1 = "1.3.14.3.2.26";

    /// <summary>The key's weakness in words, or null.</summary>
    public static string? FindWeakKey(X509Certificate2 certificate)
    {
        try
        {
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is not null)
            {
                return rsa.KeySize < RsaBits ? $"an RSA key of {rsa.KeySize} bits, fewer than {RsaBits}" : null;
            }

            using var ecdsa = certificate.GetECDsaPublicKey();
            if (ecdsa is not null)
            {
                return ecdsa.KeySize < EllipticCurveBits ? $"an elliptic-curve key of {ecdsa.KeySize} bits, fewer than {EllipticCurveBits}" : null;
            }

            using var dsa = certificate.GetDSAPublicKey();
            return dsa is null ? null : "a DSA key";
        }
        catch (CryptographicException)
        {
            return "a key that the platform cannot read";
        }
    }

    /// <summary>The signature's weakness in words, or null.</summary>
    public static string? FindWeakSignature(X509Certificate2 certificate)
    {
        var hash = certificate.SignatureAlgorithm.Value switch
        {
            "1.2.840.113549.1.1.2" => "MD2",
            "1.2.840.113549.1.1.3" => "MD4",
            "1.2.840.113549.1.1.4" => "MD5",
            "1.2.840.113549.1.1.5" or "1.3.14.3.2.29" or "1.2.840.10045.4.1" or "1.2.840.10040.4.3" => "SHA-1",
            Pss => PssHash(certificate) is Sha1 ? "SHA-1" : null,
            _ => null,
        };
        return hash is null ? null : $"a signature over {hash}";
    }

    /// <summary>The hash inside the parameters of RSASSA-PSS (RFC 4055), whose default is SHA-1.</summary>
    private static string PssHash(X509Certificate2 certificate)
    {
        var parts = new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence();
        parts.ReadEncodedValue();
        var algorithm = parts.ReadSequence();
        algorithm.ReadObjectIdentifier();
        var parameters = algorithm.ReadSequence();
        var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        return parameters.HasData && parameters.PeekTag() == hashTag
            ? parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier()
            : Sha1;
    }
}
