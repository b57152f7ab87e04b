using PooledClients.Analyzers.Certificates;
using PooledClients.Analyzers.CodeFixes;
using PooledClients.Analyzers.Deadlines;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Fixes;

public sealed class CertificateFixTests
{
    [Theory]
    [InlineData(
        "    object M() => new HttpClientHandler { AllowAutoRedirect = false, ServerCertificateCustomValidationCallback = [|(_, _, _, _) => true|] };",
        "    object M() => new HttpClientHandler { AllowAutoRedirect = false };")]
    [InlineData(
        "    void M(HttpClientHandler h)\n    {\n        h.ServerCertificateCustomValidationCallback = [|HttpClientHandler.DangerousAcceptAnyServerCertificateValidator|];\n        h.AllowAutoRedirect = false;\n    }",
        "    void M(HttpClientHandler h)\n    {\n        h.AllowAutoRedirect = false;\n    }")]
    [InlineData(
        "    void M(X509ChainPolicy p)\n    {\n        [|p.VerificationFlags = X509VerificationFlags.AllFlags|];\n    }",
        "    void M(X509ChainPolicy p)\n    {\n    }")]
    [InlineData(
        "    object M(Stream s) => new SslStream(s, false, [|(_, _, _, _) => true|]);",
        "    object M(Stream s) => new SslStream(s, false, null!);")]
    public Task Validation_IsBack(string before, string after) => FixVerifier<ValidationOffAnalyzer, RemoveValidationOffFix>.MembersAsync(before, after);

    [Fact]
    public Task Certificate_BecomesStaticField() => FixVerifier<CertificatePerCallAnalyzer, StaticFieldFix>.FileAsync(
        "public sealed class Store(KeyValue.KeyValueClient client)\n{\n    public GetResponse Get(GetRequest request)\n    {\n        using var ca = [|X509CertificateLoader.LoadCertificateFromFile(\"/etc/tls/ca.pem\")|];\n        Console.WriteLine(ca);\n        return client.Get(request);\n    }\n}",
        "public sealed class Store(KeyValue.KeyValueClient client)\n{\n    private static readonly X509Certificate2 SharedX509Certificate2 = X509CertificateLoader.LoadCertificateFromFile(\"/etc/tls/ca.pem\");\n\n    public GetResponse Get(GetRequest request)\n    {\n        var ca = SharedX509Certificate2;\n        Console.WriteLine(ca);\n        return client.Get(request);\n    }\n}");

    [Theory]
    [InlineData("    void M() { [|Client.Get(Request)|]; }", "    void M() { Client.Get(Request, deadline: DateTime.UtcNow.AddSeconds(30)); }")]
    [InlineData("    void M() { using var call = [|Client.Load()|]; }", "    void M() { using var call = Client.Load(deadline: DateTime.UtcNow.AddSeconds(30)); }")]
    [InlineData("    void M() { [|Client.Get(Request, deadline: null)|]; }", "    void M() { Client.Get(Request, deadline: DateTime.UtcNow.AddSeconds(30)); }")]
    [InlineData("    void M() { [|Client.Get(Request, new CallOptions())|]; }", "    void M() { Client.Get(Request, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30))); }")]
    public Task Call_GetsDeadline(string before, string after) => FixVerifier<NoDeadlineAnalyzer, AddDeadlineFix>.MembersAsync(before, after);
}
