using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PooledClients.TestBed.Certificates;

/// <summary>Signs over SHA-1 or MD5, which the platform's own generators refuse to.</summary>
internal sealed class WeakSignatureGenerator(AsymmetricAlgorithm key, HashAlgorithmName hash, RSASignaturePadding padding) : X509SignatureGenerator
{
    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            switch (key)
            {
                case ECDsa:
                    writer.WriteObjectIdentifier("1.2.840.10045.4.1");
                    break;
                case RSA when padding == RSASignaturePadding.Pss:
                    // Every parameter left out: SHA-1 is the default.
                    writer.WriteObjectIdentifier("1.2.840.113549.1.1.10");
                    writer.PushSequence().Dispose();
                    break;
                default:
                    writer.WriteObjectIdentifier(hash == HashAlgorithmName.MD5 ? "1.2.840.113549.1.1.4" : "1.2.840.113549.1.1.5");
                    writer.WriteNull();
                    break;
            }
        }

        return writer.Encode();
    }

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key switch
    {
        ECDsa ecdsa => ecdsa.SignData(data, hash, DSASignatureFormat.Rfc3279DerSequence),
        RSA rsa => rsa.SignData(data, hash, padding),
        _ => throw new NotSupportedException(),
    };

    protected override PublicKey BuildPublicKey() => key is ECDsa ecdsa ? new PublicKey(ecdsa) : new PublicKey((RSA)key);
}
