using PooledClients.Grpc.Telemetry;

namespace PooledClients.Tests.Grpc.Telemetry;

public sealed class OptionsInForceTests
{
    [Fact]
    public void Of_OptionsWithSecrets_TellsNoneOfThem()
    {
        var options = new PooledGrpcClientOptions { Address = new Uri("https://somebody:secret@kv:5001"), ServiceConfig = "secret" };
        options.Tls.CaCertificatePem = "secret";
        options.Tls.ClientKeyPath = "/run/secret/key.pem";
        options.Tls.ClientKeyPassword = "secret";

        var told = OptionsInForce.Of(options);

        Assert.DoesNotContain(told, static option => option.Value.Contains("secret", StringComparison.Ordinal));
        Assert.Equal("set", told["Tls:ClientKeyPath"]);
    }
}
