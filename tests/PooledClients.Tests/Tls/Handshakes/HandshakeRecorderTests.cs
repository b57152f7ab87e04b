using PooledClients.TestBed.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Tests.Tls.Handshakes;

public sealed class HandshakeRecorderTests : IDisposable
{
    private readonly TlsHarness _tls = new();

    public void Dispose() => _tls.Dispose();

    // Spare connections that a server closes while they are idle say nothing of our certificate.
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void DescribeRefusal_FourConnectionsEndWithoutAnAnswer_IsSuspectedWhereSomethingWasAsked(bool asked, bool isLate)
    {
        var certificate = TestCertificates.CreateAuthority("the client");
        var path = _tls.Folder.Write("client.pem", TestCertificates.ToPem(certificate) + TestCertificates.KeyToPem(certificate));
        var context = _tls.Context(options => options.ClientCertificatePath = path);
        HandshakeRecorder recorder = null!;
        for (var i = 0; i < 4; i++)
        {
            recorder = context.BeginHandshake("a:443");
            recorder.Verified(chain: null, "", context.Identity);
            recorder.Completed(isMutual: true);
            if (asked && !isLate)
            {
                recorder.OnAsked();
            }

            recorder.OnEnded();
            if (asked && isLate)
            {
                recorder.OnAsked();
            }
        }

        Assert.Equal(asked, recorder.DescribeRefusal() is not null);
        Assert.Equal(asked, context.DescribeRefusal("a:443") is not null);
    }
}
