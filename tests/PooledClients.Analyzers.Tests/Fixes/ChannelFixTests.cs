using PooledClients.Analyzers.Channels;
using PooledClients.Analyzers.CodeFixes;
using PooledClients.Analyzers.Http;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Fixes;

public sealed class ChannelFixTests
{
    [Theory]
    [InlineData(
        "public sealed class Store(string address)\n{\n    public GetResponse Get(GetRequest request)\n    {\n        using var channel = [|GrpcChannel.ForAddress(address)|];\n        return new KeyValue.KeyValueClient(channel).Get(request);\n    }\n}",
        "public sealed class Store(string address, KeyValue.KeyValueClient keyValueClient)\n{\n    public GetResponse Get(GetRequest request)\n    {\n        return keyValueClient.Get(request);\n    }\n}")]
    [InlineData(
        "public sealed class Store\n{\n    private readonly string _address;\n\n    public Store(string address)\n    {\n        _address = address;\n    }\n\n    public GetResponse Get(GetRequest request)\n    {\n        using (var channel = [|GrpcChannel.ForAddress(_address)|])\n        {\n            var client = new KeyValue.KeyValueClient(channel);\n            return client.Get(request);\n        }\n    }\n}",
        "public sealed class Store\n{\n    private readonly KeyValue.KeyValueClient _keyValueClient;\n    private readonly string _address;\n\n    public Store(string address, KeyValue.KeyValueClient keyValueClient)\n    {\n        _address = address;\n        _keyValueClient = keyValueClient;\n    }\n\n    public GetResponse Get(GetRequest request)\n    {\n        {\n            var client = _keyValueClient;\n            return client.Get(request);\n        }\n    }\n}")]
    [InlineData(
        "public sealed class Store\n{\n    public GetResponse Get(GetRequest request) => new KeyValue.KeyValueClient([|GrpcChannel.ForAddress(\"https://localhost\")|]).Get(request);\n}",
        "public sealed class Store\n{\n    private readonly KeyValue.KeyValueClient _keyValueClient;\n\n    public Store(KeyValue.KeyValueClient keyValueClient)\n    {\n        _keyValueClient = keyValueClient;\n    }\n\n    public GetResponse Get(GetRequest request) => _keyValueClient.Get(request);\n}")]
    public Task Channel_ClientIsInjected(string before, string after) => FixVerifier<ChannelPerCallAnalyzer, InjectClientFix>.FileAsync(before, after);

    [Fact]
    public Task Channel_OfStaticMember_BecomesStaticField() => FixVerifier<ChannelPerCallAnalyzer, StaticFieldFix>.FileAsync(
        "public static class Store\n{\n    public static GetResponse Get(GetRequest request)\n    {\n        using var channel = [|GrpcChannel.ForAddress(\"https://localhost\")|];\n        return new KeyValue.KeyValueClient(channel).Get(request);\n    }\n}",
        "public static class Store\n{\n    private static readonly GrpcChannel SharedGrpcChannel = GrpcChannel.ForAddress(\"https://localhost\");\n\n    public static GetResponse Get(GetRequest request)\n    {\n        var channel = SharedGrpcChannel;\n        return new KeyValue.KeyValueClient(channel).Get(request);\n    }\n}");

    [Theory]
    [InlineData(
        "public sealed class Api(string address)\n{\n    public async Task<string> GetAsync()\n    {\n        using var http = [|new HttpClient()|];\n        return await http.GetStringAsync(address);\n    }\n}",
        "public sealed class Api(string address, IHttpClientFactory httpClientFactory)\n{\n    public async Task<string> GetAsync()\n    {\n        using var http = httpClientFactory.CreateClient(string.Empty);\n        return await http.GetStringAsync(address);\n    }\n}")]
    [InlineData(
        "public sealed class Api(string address)\n{\n    public async Task<string> GetAsync()\n    {\n        using var http = [|new HttpClient { Timeout = TimeSpan.FromSeconds(1) }|];\n        return await http.GetStringAsync(address);\n    }\n}",
        "public sealed class Api(string address, IHttpClientFactory httpClientFactory)\n{\n    public async Task<string> GetAsync()\n    {\n        using var http = httpClientFactory.CreateClient(string.Empty);\n        http.Timeout = TimeSpan.FromSeconds(1);\n        return await http.GetStringAsync(address);\n    }\n}")]
    public Task HttpClient_FactoryIsInjected(string before, string after) => FixVerifier<HttpClientPerCallAnalyzer, InjectHttpClientFix>.FileAsync(before, after);

    [Theory]
    [InlineData(
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { [|HttpHandler = new SocketsHttpHandler()|] });\n    }",
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler(), DisposeHttpClient = true });\n    }")]
    [InlineData(
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { [|HttpHandler = new SocketsHttpHandler()|], DisposeHttpClient = false });\n    }",
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler(), DisposeHttpClient = true });\n    }")]
    [InlineData(
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions\n        {\n            [|HttpHandler = new SocketsHttpHandler()|], // Ours.\n        });\n    }",
        "    void M()\n    {\n        using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions\n        {\n            HttpHandler = new SocketsHttpHandler(), // Ours.\n            DisposeHttpClient = true,\n        });\n    }")]
    [InlineData(
        "    void M()\n    {\n        var options = new GrpcChannelOptions();\n        [|options.HttpHandler = new SocketsHttpHandler()|];\n        using var channel = GrpcChannel.ForAddress(Address, options);\n    }",
        "    void M()\n    {\n        var options = new GrpcChannelOptions();\n        options.HttpHandler = new SocketsHttpHandler();\n        options.DisposeHttpClient = true;\n        using var channel = GrpcChannel.ForAddress(Address, options);\n    }")]
    public Task Handler_IsDisposedByItsChannel(string before, string after) => FixVerifier<HandlerLeftOpenAnalyzer, DisposeHttpClientFix>.MembersAsync(before, after);

    [Fact]
    public Task Channel_InExtensionBlock_FieldIsOfTheClass() => FixVerifier<ChannelPerCallAnalyzer, StaticFieldFix>.FileAsync(
        "public static class Store\n{\n    extension(GetRequest request)\n    {\n        public GetResponse Send()\n        {\n            using var channel = [|GrpcChannel.ForAddress(\"https://localhost\")|];\n            return new KeyValue.KeyValueClient(channel).Get(request);\n        }\n    }\n}",
        "public static class Store\n{\n    private static readonly GrpcChannel SharedGrpcChannel = GrpcChannel.ForAddress(\"https://localhost\");\n\n    extension(GetRequest request)\n    {\n        public GetResponse Send()\n        {\n            var channel = SharedGrpcChannel;\n            return new KeyValue.KeyValueClient(channel).Get(request);\n        }\n    }\n}");

    /// <summary>A public constructor cannot take a client that only its assembly knows.</summary>
    [Theory]
    [InlineData("public sealed class Store { public GetResponse Get(GetRequest request) => new Own([|GrpcChannel.ForAddress(\"https://localhost\")|]).Get(request); } internal sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c);")]
    [InlineData("public sealed class Store(string address) { public GetResponse Get(GetRequest request) => new Own([|GrpcChannel.ForAddress(address)|]).Get(request); private sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c); }")]
    [InlineData("internal sealed class Store(string address) { public GetResponse Get(GetRequest request) => new Own([|GrpcChannel.ForAddress(address)|]).Get(request); private sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c); }")]
    [InlineData("public sealed class Store { public GetResponse Get(GetRequest request) => new Own([|GrpcChannel.ForAddress(\"https://localhost\")|]).Get(request); } file sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c);")]
    public Task Channel_ClientIsLessVisible_NoInjection(string text) => FixVerifier<ChannelPerCallAnalyzer, InjectClientFix>.FileAsync(text, text);

    [Theory]
    [InlineData(
        "internal sealed class Store(string address) { public GetResponse Get(GetRequest request) => new Own([|GrpcChannel.ForAddress(address)|]).Get(request); } internal sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c);",
        "internal sealed class Store(string address, Own own) { public GetResponse Get(GetRequest request) => own.Get(request); } internal sealed class Own(ChannelBase c) : KeyValue.KeyValueClient(c);")]
    public Task Channel_ClientIsAsVisible_IsInjected(string before, string after) => FixVerifier<ChannelPerCallAnalyzer, InjectClientFix>.FileAsync(before, after);
}
