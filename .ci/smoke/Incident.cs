using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using RocksDb.V1;

// The incident, as someone writes it who has the package and does not use it. A comment names the rule that must fire on its line; no
// other line may have one. Only the build is looked at.
var request = new GetRequest { Key = ByteString.CopyFromUtf8("key") };
Console.WriteLine(await new DialPerCall("https://localhost:1", "/etc/tls/ca.pem").GetAsync(request));
Console.WriteLine(await new CachedCertificate("https://localhost:1", "/etc/tls/ca.pem").GetAsync(request));
Console.WriteLine(await new Uploads().TellAsync("https://localhost:1/files"));

/// <summary>The first version: each call reads the CA and dials.</summary>
internal sealed class DialPerCall(string address, string caPath)
{
    public async Task<GetResponse> GetAsync(GetRequest request)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(caPath); // PC0007
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
        policy.CustomTrustStore.AddRange(roots);
        using var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions // PC0001
        {
            HttpHandler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } }, // PC0003
        });
        return await new KeyValue.KeyValueClient(channel).GetAsync(request);
    }
}

/// <summary>The first repair: the certificate is cached, the dialing stays.</summary>
internal sealed class CachedCertificate
{
    private readonly string _address;
    private readonly X509Certificate2Collection _roots = [];

    public CachedCertificate(string address, string caPath)
    {
        _address = address;
        _roots.ImportFromPemFile(caPath);
    }

    public async Task<GetResponse> GetAsync(GetRequest request)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
        policy.CustomTrustStore.AddRange(_roots);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = policy;
        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true };
        using var channel = GrpcChannel.ForAddress(_address, options); // PC0001
        return await new KeyValue.KeyValueClient(channel).GetAsync(request);
    }

    public async Task<Pair?> FirstAsync(KeyValue.KeyValueClient client)
    {
        var call = client.Scan(new ScanRequest()); // PC0005
        return await call.ResponseStream.MoveNext(CancellationToken.None) ? call.ResponseStream.Current : null;
    }
}

/// <summary>The second half: a client for each call, and a response that nobody closes.</summary>
internal sealed class Uploads
{
    public async Task<int> TellAsync(string uri)
    {
        var handler = new HttpClientHandler();
        handler.ServerCertificateCustomValidationCallback = (_, _, _, _) => true; // PC0006
        var http = new HttpClient(handler); // PC0002
        var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead); // PC0004
        response.EnsureSuccessStatusCode();
        return (int)response.StatusCode;
    }
}
