using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tls.Certificates;

/// <summary>From the bytes of a certificate and its key (PEM, encrypted PEM or PFX) to an identity, whole or not at all.</summary>
internal static class IdentityLoader
{
    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string EllipticCurve = "1.2.840.10045.2.1";
    private const string Ed25519 = "1.3.101.112";
    private const string Ed448 = "1.3.101.113";

    public static ClientIdentity Load(IReadOnlyList<string> paths, byte[][] contents, string? password)
    {
        try
        {
            return IsPfx(paths[0]) ? FromPfx(contents[0], password) : FromPem(contents, password);
        }
        finally
        {
            foreach (var content in contents)
            {
                CryptographicOperations.ZeroMemory(content);
            }
        }
    }

    public static bool IsPfx(string path) => Path.GetExtension(path) is { } extension
        && (extension.Equals(".pfx", StringComparison.OrdinalIgnoreCase) || extension.Equals(".p12", StringComparison.OrdinalIgnoreCase));

    private static ClientIdentity FromPem(byte[][] contents, string? password)
    {
        var keyFile = contents.Length - 1;
        var certificateText = PemCertificates.Decode(contents[0]);
        var keyText = keyFile == 0 ? certificateText : PemCertificates.Decode(contents[keyFile], keyFile);
        try
        {
            var certificateBlocks = PemCertificates.ReadBlocks(certificateText);
            var keyBlocks = keyFile == 0 ? certificateBlocks : PemCertificates.ReadBlocks(keyText, keyFile);

            X509Certificate2[] chain =
                [.. certificateBlocks.Where(static block => block.Label == "CERTIFICATE").Select(static block => PemCertificates.Load(block))];
            if (chain.Length == 0)
            {
                throw new TlsContentException("it holds no certificate", "give a PEM file whose first CERTIFICATE block is the client's own, or a .pfx file");
            }

            RefuseUnusableKey(chain[0]);
            var key = SingleKey(keyBlocks, keyFile);
            return Create(PairWithKey(chain[0], certificateBlocks, key, keyFile, password), chain[1..]);
        }
        finally
        {
            Array.Clear(certificateText);
            Array.Clear(keyText);
        }
    }

    private static PemBlock SingleKey(List<PemBlock> blocks, int keyFile)
    {
        PemBlock[] keys = [.. blocks.Where(static block => block.IsPrivateKey)];
        return keys.Length switch
        {
            1 => keys[0],
            0 when keyFile == 0 => throw new TlsContentException("it holds no private key", "add the key to it, or set ClientKeyPath"),
            0 => throw new TlsContentException("it holds no private key", "give the PEM file with the certificate's key", fileIndex: keyFile),
            _ => throw new TlsContentException($"it holds {keys.Length} private keys", "keep the certificate's own", keys[1].Line, keyFile),
        };
    }

    private static X509Certificate2 PairWithKey(X509Certificate2 leaf, List<PemBlock> blocks, PemBlock key, int keyFile, string? password)
    {
        var encrypted = key.Label == "ENCRYPTED PRIVATE KEY";
        if (encrypted && password is null)
        {
            throw new TlsContentException("the private key is encrypted", "set ClientKeyPassword", key.Line, keyFile);
        }

        if (key.Body.Span.Contains("Proc-Type", StringComparison.Ordinal))
        {
            throw new TlsContentException(
                "the private key is encrypted in OpenSSL's old form", "convert it with 'openssl pkcs8 -topk8'", key.Line, keyFile);
        }

        var certificate = blocks.Find(static block => block.Label == "CERTIFICATE")!.Text.Span;
        try
        {
            return encrypted
                ? X509Certificate2.CreateFromEncryptedPem(certificate, key.Text.Span, password)
                : X509Certificate2.CreateFromPem(certificate, key.Text.Span);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new TlsContentException(
                encrypted
                    ? $"the private key does not open with ClientKeyPassword, or is not the key of certificate {leaf.Thumbprint}"
                    : $"the private key is damaged, or is not the key of certificate {leaf.Thumbprint}",
                "put the certificate and its own key there together",
                key.Line,
                keyFile);
        }
    }

    private static ClientIdentity FromPfx(byte[] content, string? password)
    {
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(content, password, X509KeyStorageFlags.DefaultKeySet);
        }
        catch (CryptographicException)
        {
            throw new TlsContentException(
                password is null ? "the PFX file is damaged or needs a password" : "the PFX file is damaged or does not open with ClientKeyPassword",
                "put the whole file there and set ClientKeyPassword to its password");
        }

        X509Certificate2[] withKey = [.. all.Where(static certificate => certificate.HasPrivateKey)];
        if (withKey.Length != 1)
        {
            throw new TlsContentException(
                $"the PFX file holds {withKey.Length} certificates with a private key", "keep one, the client's own, and its intermediates");
        }

        RefuseUnusableKey(withKey[0]);
        return Create(withKey[0], [.. all.Where(static certificate => !certificate.HasPrivateKey)]);
    }

    private static void RefuseUnusableKey(X509Certificate2 leaf)
    {
        var algorithm = leaf.PublicKey.Oid.Value ?? string.Empty;
        if (algorithm is not (Rsa or EllipticCurve))
        {
            var name = algorithm switch { Ed25519 => "Ed25519", Ed448 => "Ed448", _ => algorithm };
            throw new TlsContentException(
                $"the certificate's key is of the kind {name}, which .NET cannot use to identify a client", "issue it with an ECDSA (P-256) or RSA key");
        }
    }

    private static ClientIdentity Create(X509Certificate2 leaf, IEnumerable<X509Certificate2> others)
    {
        if (OperatingSystem.IsWindows())
        {
            // SChannel takes no key that lives in memory alone.
            leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), password: null);
        }

        return new ClientIdentity(leaf, [.. others]);
    }
}
