using Verifier = PooledClients.Analyzers.Tests.Verifying.AnalyzerVerifier<PooledClients.Analyzers.Certificates.CertificatePerCallAnalyzer>;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>PC0007.</summary>
public sealed class CertificatePerCallTests
{
    private const string Prelude = "private const string Ca = \"/etc/tls/ca.pem\"; private readonly string _path = Ca; static void Use(object o) { }\n#pragma warning disable SYSLIB0057\n";

    [Theory]
    [InlineData("async Task M() { var ca = [|X509Certificate2.CreateFromPem(File.ReadAllText(Ca))|]; Use(ca); await Client.GetAsync(Request); }")]
    [InlineData("void M() { using var ca = [|X509CertificateLoader.LoadCertificateFromFile(Ca)|]; Use(ca); Client.Get(Request); }")]
    [InlineData("async Task M() { var ca = [|new X509Certificate2(Ca)|]; Use(ca); await Http.GetAsync(Address); }")]
    [InlineData("async Task M() { var ca = [|new X509Certificate2(File.ReadAllBytes(_path))|]; Use(ca); await Http.SendAsync(new HttpRequestMessage()); }")]
    [InlineData("void M(string path) { var roots = new X509Certificate2Collection(); [|roots.ImportFromPemFile(path)|]; Use(roots); Client.Get(Request); }")]
    [InlineData("void M() { var roots = new X509Certificate2Collection(); [|roots.ImportFromPem(File.ReadAllText(Ca))|]; Use(roots); Client.Get(Request); }")]
    [InlineData("void M() { var pem = File.ReadAllText(Ca); var ca = [|X509Certificate2.CreateFromPem(pem)|]; Use(ca); Client.Get(Request); }")]
    [InlineData("void M() { var handler = new SocketsHttpHandler(); handler.SslOptions.ClientCertificates = [[|X509Certificate2.CreateFromPemFile(Ca, Ca)|]]; using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler }); channel.ConnectAsync(); }")]
    [InlineData("void M() { using var handler = new HttpClientHandler(); handler.ClientCertificates.Add([|X509CertificateLoader.LoadPkcs12FromFile(Ca, \"p\")|]); using var http = new HttpClient(handler); }")]
    [InlineData("sealed class S : KeyValue.KeyValueClient { public Task<GetResponse> Get(GetRequest r, ServerCallContext c) { Use([|X509CertificateLoader.LoadCertificateFromFile(Ca)|]); return null!; } }")]
    [InlineData("sealed class H : DelegatingHandler { protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage r, CancellationToken c) { Use([|new X509Certificate2(Ca)|]); return base.SendAsync(r, c); } }")]
    [InlineData("Task Invoke(HttpContext context) { Use([|new X509Certificate2(Ca)|]); return Task.CompletedTask; }")]
    [InlineData("object M() => new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, c, _, e) => c!.Equals([|X509CertificateLoader.LoadCertificateFromFile(Ca)|]) };")]
    [InlineData("void M(WebApplication app) { app.MapGet(\"/\", () => [|X509CertificateLoader.LoadCertificateFromFile(Ca)|].Subject); }")]
    [InlineData("async Task M() { foreach (int i in new[] { 1, 2 }) { Use([|X509CertificateLoader.LoadCertificateFromFile(Ca)|]); await Client.GetAsync(Request); } }")]
    [InlineData("async Task M() { Use([|new X509Certificate2(await File.ReadAllBytesAsync(Ca))|]); await Client.GetAsync(Request); }")]
    [InlineData("void M() { Func<GetResponse> call = () => { Use([|X509CertificateLoader.LoadCertificateFromFile(Ca)|]); return Client.Get(Request); }; call(); }")]
    [InlineData("sealed class C : Microsoft.AspNetCore.Mvc.ControllerBase { public string Get() => [|X509CertificateLoader.LoadCertificateFromFile(Ca)|].Subject; }")]
    public Task Certificate_LoadedForEachCall_Suggests(string members) => Verifier.MembersAsync(Prelude + members);

    [Theory]
    [InlineData("static readonly X509Certificate2 Root = X509CertificateLoader.LoadCertificateFromFile(Ca); void M() { Use(Root); Client.Get(Request); }")]
    [InlineData("X509Certificate2? _root; void M() { _root ??= X509CertificateLoader.LoadCertificateFromFile(Ca); Client.Get(Request); }")]
    [InlineData("X509Certificate2? _root; void M() { if (_root is null) { _root = new X509Certificate2(Ca); } Client.Get(Request); }")]
    [InlineData("X509Certificate2? _root; void M() { var root = new X509Certificate2(Ca); _root = root; Client.Get(Request); }")]
    [InlineData("readonly X509Certificate2Collection _roots = []; void M() { _roots.ImportFromPemFile(Ca); Client.Get(Request); }")]
    [InlineData("static readonly Lazy<X509Certificate2> Root = new(() => X509CertificateLoader.LoadCertificateFromFile(Ca));")]
    [InlineData("X509Certificate2 M() => X509CertificateLoader.LoadCertificateFromFile(Ca);")]
    [InlineData("X509Certificate2 M() { var root = X509CertificateLoader.LoadCertificateFromFile(Ca); Client.Get(Request); return root; }")]
    [InlineData("void M() { Use(X509CertificateLoader.LoadCertificateFromFile(Ca)); }")]
    [InlineData("Subject() { Use(X509CertificateLoader.LoadCertificateFromFile(Ca)); Client.Get(Request); }")]
    [InlineData("static void Main() { Use(X509CertificateLoader.LoadCertificateFromFile(Ca)); Client.Get(Request); }")]
    [InlineData("SocketsHttpHandler M() { var handler = new SocketsHttpHandler(); handler.SslOptions.ClientCertificates = [X509Certificate2.CreateFromPemFile(Ca, Ca)]; return handler; }")]
    [InlineData("GrpcChannel M() { var handler = new SocketsHttpHandler(); Use(X509CertificateLoader.LoadCertificateFromFile(Ca)); return GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = handler }); }")]
    [InlineData("Task Invoke(HttpContext context) { Use(new X509Certificate2(Convert.FromBase64String(context.Request.Headers[\"cert\"].ToString()))); return Task.CompletedTask; }")]
    [InlineData("object M() => new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, c, _, e) => new X509Certificate2(c!).Subject == \"a\" };")]
    [InlineData("Task M(byte[] sent) { Use(new X509Certificate2(sent)); return Http.GetAsync(Address); }")]
    [InlineData("[Xunit.Fact] public void M() { Use(X509CertificateLoader.LoadCertificateFromFile(Ca)); Client.Get(Request); }")]
    [InlineData("void M(IServiceCollection services) { services.AddHttpClient(\"a\").ConfigurePrimaryHttpMessageHandler(() => { var h = new HttpClientHandler(); h.ClientCertificates.Add(new X509Certificate2(Ca)); return h; }); }")]
    [InlineData("static readonly ConcurrentDictionary<string, X509Certificate2> All = new(); void M(string p) { Use(All.GetOrAdd(p, key => new X509Certificate2(key))); Client.Get(Request); }")]
    [InlineData("async Task M() { var pem = await Http.GetStringAsync(Address); Use(X509Certificate2.CreateFromPem(pem)); }")]
    [InlineData("sealed class Api(X509Certificate2? root) { GetResponse Get() { root ??= X509CertificateLoader.LoadCertificateFromFile(Ca); return Client.Get(Request); } }")]
    public Task Certificate_KeptOrAnotherEachTime_Silent(string members) => Verifier.MembersAsync(Prelude + members);
}
