using System.Buffers;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PooledClients.Tls.Files;

namespace PooledClients.Tls.Certificates;

/// <summary>From the bytes of a PEM file to certificates, every block of it or none.</summary>
internal static class PemCertificates
{
    /// <summary>The most certificates one file may hold.</summary>
    public const int MaxCertificates = 1000;

    private const string CertificateLabel = "CERTIFICATE";

    public static List<PemBlock> ReadBlocks(char[] text, int fileIndex = 0)
    {
        if (text.Length == 0)
        {
            throw new TlsContentException("the file is empty", "put the whole file back", fileIndex: fileIndex);
        }

        try
        {
            return PemReader.Read(text);
        }
        catch (TlsContentException e) when (e.FileIndex != fileIndex)
        {
            throw new TlsContentException(e, fileIndex);
        }
    }

    public static char[] Decode(ReadOnlySpan<byte> content, int fileIndex = 0)
    {
        if (content.Length > FileContent.MaxBytes)
        {
            throw new TlsContentException($"the file is larger than {FileContent.MaxBytes} bytes", "keep only what this service needs in it", fileIndex: fileIndex);
        }

        if (content.StartsWith((byte[])[0xEF, 0xBB, 0xBF]))
        {
            content = content[3..];
        }

        // PEM is ASCII; the comments between blocks may be anything, so no byte may be an error here.
        var text = new char[content.Length];
        Encoding.Latin1.GetChars(content, text);
        return text;
    }

    public static X509Certificate2 Load(PemBlock block, int fileIndex = 0)
    {
        var der = ArrayPool<byte>.Shared.Rent(block.Body.Length);
        try
        {
            if (block.Label == CertificateLabel
                && Convert.TryFromBase64Chars(block.Body.Span, der, out var length)
                && AsnDecoder.TryReadEncodedValue(der.AsSpan(0, length), AsnEncodingRules.BER, out _, out _, out _, out var consumed)
                && consumed == length)
            {
                return X509CertificateLoader.LoadCertificate(der.AsSpan(0, length));
            }
        }
        catch (CryptographicException)
        {
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(der);
        }

        throw new TlsContentException(
            "the CERTIFICATE block that begins here is not a certificate: it is damaged or cut", "put the whole file back", block.Line, fileIndex);
    }
}
