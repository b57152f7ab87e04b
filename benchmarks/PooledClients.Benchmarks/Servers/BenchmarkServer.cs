using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RocksDb.V1;

namespace PooledClients.Benchmarks.Servers;

/// <summary>The server, in a process of its own so that its bytes are not the client's: gRPC reads and an HTTP record over TLS.</summary>
internal static class BenchmarkServer
{
    public const string Argument = "server";

    /// <summary>A call with this header fails at its first attempt.</summary>
    public const string FailFirst = "fail-first";

    private const int RecordLength = 16 * 1024;

    public static async Task<int> RunAsync()
    {
        using var certificate = CreateCertificate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate);
        }));
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<Store>();
        var record = new byte[RecordLength];
        app.MapGet("/record", () => Results.Bytes(record));
        await app.StartAsync();
        Console.WriteLine(JsonSerializer.Serialize(new ServerAddress(app.Urls.Single(), certificate.ExportCertificatePem())));

        // The end of its input is the end of the process that started it.
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=PooledClients benchmarks", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private sealed class Store : KeyValue.KeyValueBase
    {
        private static readonly GetResponse Small = new() { Found = true, Value = UnsafeByteOperations.UnsafeWrap(new byte[100]) };
        private static readonly GetResponse Large = new() { Found = true, Value = UnsafeByteOperations.UnsafeWrap(new byte[200 * 1024]) };

        public override Task<GetResponse> Get(GetRequest request, ServerCallContext context)
        {
            var fails = context.RequestHeaders.Get(FailFirst) is not null && context.RequestHeaders.Get("grpc-previous-rpc-attempts") is null;
            return fails
                ? throw new RpcException(new Status(StatusCode.Unavailable, "The first attempt fails."))
                : Task.FromResult(request.Key.IsEmpty ? Small : Large);
        }
    }
}
