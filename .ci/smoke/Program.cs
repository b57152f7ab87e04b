using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using PooledClients;
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
server.MapGet("/answer", () => "42");
await server.StartAsync();
var port = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

// One client by its section and one by code, of both kinds; the section has a time with a unit and a method's options.
var application = Host.CreateApplicationBuilder();
application.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
{
    ["PooledClients:Grpc:KeyValue:Address"] = $"https://localhost:{port}",
    ["PooledClients:Grpc:KeyValue:Deadline"] = "20s",
    ["PooledClients:Grpc:KeyValue:Methods:Get:Idempotent"] = "true",
    ["PooledClients:Grpc:KeyValue:Tls:CaCertificatePem"] = certificate.ExportCertificatePem(),
});
application.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
application.Services.AddTransient<PassingHandler>();
application.Services.AddPooledHttpClient("api", options =>
{
    options.BaseAddress = new Uri($"https://localhost:{port}");
    options.Tls.CaCertificatePem = certificate.ExportCertificatePem();
}).AddHttpMessageHandler<PassingHandler>();
using var host = application.Build();
await host.StartAsync();
var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();
var answer = await client.GetAsync(new GetRequest { Key = ByteString.CopyFromUtf8("answer") });
var options = host.Services.GetRequiredService<IOptionsMonitor<PooledGrpcClientOptions>>().Get("KeyValue");
string text;
await using (var scope = host.Services.CreateAsyncScope())
{
    text = await scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("api").GetStringAsync(new Uri("/answer", UriKind.Relative));
}

await host.StopAsync();
Console.WriteLine($"The package made a TLS call and was answered: {answer.Value.ToStringUtf8()}.");
Console.WriteLine($"An HTTP client was answered {text}; the section's deadline is {options.Deadline}, and Get is {(options.Methods["Get"].Idempotent == true ? "" : "not ")}idempotent.");
return (answer.Value.ToStringUtf8(), text, options.Deadline, options.Methods["Get"].Idempotent) == ("42", "42", TimeSpan.FromSeconds(20), true) ? 0 : 1;

internal sealed class PassingHandler : DelegatingHandler;

internal sealed class OneKey : KeyValue.KeyValueBase
{
    public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
        => Task.FromResult(new GetResponse { Found = true, Value = ByteString.CopyFromUtf8("42") });
}
