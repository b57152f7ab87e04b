using System.Net;
using System.Net.Security;
using PooledClients.TestBed.Certificates;
using PooledClients.Tls;
using PooledClients.Tls.Handshakes;

namespace PooledClients.IntegrationTests.Tls;

public sealed class ServerVerificationTests : IDisposable
{
    private readonly TlsFixture _tls = new();

    public static TheoryData<string> BadServers => [.. ServerCases.Refused.Keys];

    public static TheoryData<string> GoodServers => [.. ServerCases.Accepted.Keys];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _tls.Dispose();

    [Theory]
    [MemberData(nameof(BadServers))]
    public async Task Handshake_BadServer_IsRefusedWithItsReason(string name)
    {
        var server = ServerCases.Refused[name]();

        var refusal = await Assert.ThrowsAsync<ServerTrustException>(() => ConnectAsync(server));

        TestContext.Current.TestOutputHelper?.WriteLine(refusal.Message);
        Assert.Equal(server.Refused, refusal.Failure);
        Assert.Contains(server.Reason, refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"subject '{server.Leaf.Subject}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"issuer '{server.Leaf.Issuer}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(CaPath, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoodServers))]
    public async Task Handshake_GoodServer_IsAccepted(string name)
    {
        await using var stream = await ConnectAsync(ServerCases.Accepted[name]());

        Assert.True(stream.IsAuthenticated);
    }

    [Fact]
    public async Task Handshake_Ed25519Server_IsAcceptedOnLinux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The platform's own TLS decides.");
        (var certificate, var key, var root) = await OpenSsl.CreateEd25519Async(_tls.Folder);
        using var server = await OpenSslServer.StartAsync(certificate, key);
        _tls.Folder.Write("ca.pem", root);
        var context = _tls.Registry.GetOrAdd(new TlsOptions { CaCertificatePath = CaPath });

        await using var stream = await TlsFixture.ConnectAsync(context, server.EndPoint, "localhost", Cancelled);

        Assert.True(stream.IsAuthenticated);
    }

    private string CaPath => _tls.Folder.PathOf("ca.pem");

    private async Task<SslStream> ConnectAsync(ServerCase server)
    {
        _tls.Folder.Write("ca.pem", TestCertificates.ToPem(server.Trusted));
        var context = _tls.Registry.GetOrAdd(new TlsOptions { CaCertificatePath = CaPath, RevocationMode = server.RevocationMode });
        if (server.ByOpenSsl)
        {
            using var openSsl = await OpenSslServer.StartAsync(server.Leaf, server.Intermediates);
            return await TlsFixture.ConnectAsync(context, openSsl.EndPoint, server.Host, Cancelled);
        }

        await using var handshakes = new HandshakeServer(server.Leaf, [.. server.Intermediates]);
        return await TlsFixture.ConnectAsync(context, handshakes.EndPoint, server.Host, Cancelled);
    }
}
