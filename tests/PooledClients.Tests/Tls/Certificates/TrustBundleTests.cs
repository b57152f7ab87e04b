using System.Text;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Files;

namespace PooledClients.Tests.Tls.Certificates;

public sealed class TrustBundleTests
{
    private static readonly string[] Certificates =
        [.. Enumerable.Range(1, 3).Select(static i => TestCertificates.ToPem(TestCertificates.CreateAuthority($"Root {i}")))];

    [Theory]
    [InlineData("")]
    [InlineData("# a comment between certificates\n")]
    [InlineData("\r\n")]
    public void Parse_BundleCutAtEveryOffset_RefusesEveryCutInsideABlockOrMarker(string between)
    {
        string[] blocks = [.. Certificates.Select(block => block.TrimEnd('\n'))];
        var separator = "\n" + between;
        var bundle = string.Join(separator, blocks) + "\n";

        for (var offset = 0; offset <= bundle.Length; offset++)
        {
            var expected = WholeBlocks(blocks, separator.Length, offset);
            var cut = Encoding.ASCII.GetBytes(bundle[..offset]);
            if (expected is { } count)
            {
                Assert.Equal(count, TrustBundle.Parse(cut, "ca.pem").Certificates.Length);
            }
            else
            {
                Assert.Throws<TlsContentException>(() => TrustBundle.Parse(cut, "ca.pem"));
            }
        }
    }

    /// <summary>How many blocks a text of this length holds, or null if it ends inside one or holds none.</summary>
    private static int? WholeBlocks(string[] blocks, int separatorLength, int length)
    {
        var end = 0;
        for (var i = 0; i < blocks.Length; i++)
        {
            end += blocks[i].Length;
            var next = i + 1 < blocks.Length ? end + separatorLength : int.MaxValue;
            if (length >= end && length <= next)
            {
                return i + 1;
            }

            end += separatorLength;
        }

        return null;
    }
}
