using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocksDb.V1;

// A self-signed certificate is its own authority: trusted because it is named, and verified like any other.
using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
var names = new SubjectAlternativeNameBuilder();
names.AddDnsName("localhost");
request.CertificateExtensions.Add(names.Build());
using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddHours(1));

var web = WebApplication.CreateBuilder();
web.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
web.Services.AddGrpc();
await using var server = web.Build();
server.MapGrpcService<OneKey>();
await server.StartAsync();
var port = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

var application = Host.CreateApplicationBuilder();
application.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
{
    options.Address = new Uri($"https://localhost:{port}");
    options.Tls.CaCertificatePem = certificate.ExportCertificatePem();
});
using var host = application.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
var answer = await client.GetAsync(new GetRequest { Key = ByteString.CopyFromUtf8("answer") });
await host.StopAsync();
Console.WriteLine($"The package made a TLS call and was answered: {answer.Value.ToStringUtf8()}.");
return answer.Value.ToStringUtf8() == "42" ? 0 : 1;

internal sealed class OneKey : KeyValue.KeyValueBase
{
    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
        => Task.FromResult(new GetResponse { Found = true, Value = ByteString.CopyFromUtf8("42") });
}
