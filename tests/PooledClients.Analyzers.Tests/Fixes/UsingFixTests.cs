using PooledClients.Analyzers.CodeFixes;
using PooledClients.Analyzers.Responses;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Fixes;

public sealed class UsingFixTests
{
    [Theory]
    [InlineData(
        "    async Task<int> M()\n    {\n        // Kept.\n        var r = await [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n        return (int)r.StatusCode;\n    }",
        "    async Task<int> M()\n    {\n        // Kept.\n        using var r = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n        return (int)r.StatusCode;\n    }")]
    [InlineData(
        "    async Task M()\n    {\n        await [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n    }",
        "    async Task M()\n    {\n        using var response = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n    }")]
    [InlineData(
        "    async Task<HttpStatusCode> M()\n    {\n        return (await [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|]).StatusCode;\n    }",
        "    async Task<HttpStatusCode> M()\n    {\n        using var response = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n        return response.StatusCode;\n    }")]
    [InlineData(
        "    async Task<HttpStatusCode> M() => (await [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|]).StatusCode;",
        "    async Task<HttpStatusCode> M()\n    {\n        using var response = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n        return response.StatusCode;\n    }")]
    [InlineData(
        "    HttpStatusCode M()\n    {\n        var task = [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n        return task.Result.StatusCode;\n    }",
        "    HttpStatusCode M()\n    {\n        var task = [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n        return task.Result.StatusCode;\n    }")]
    [InlineData(
        "    async Task M()\n    {\n        var task = [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n        var r = await task;\n        r.EnsureSuccessStatusCode();\n    }",
        "    async Task M()\n    {\n        var task = Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n        using var r = await task;\n        r.EnsureSuccessStatusCode();\n    }")]
    [InlineData(
        "    async Task M(Stream to)\n    {\n        await (await [|Http.GetStreamAsync(Address)|]).CopyToAsync(to);\n    }",
        "    async Task M(Stream to)\n    {\n        using var stream = await Http.GetStreamAsync(Address);\n        await stream.CopyToAsync(to);\n    }")]
    [InlineData(
        "    async Task<string?> M()\n    {\n        var r = await [|Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead)|];\n        if (!r.IsSuccessStatusCode)\n        {\n            return null;\n        }\n\n        await using var s = await r.Content.ReadAsStreamAsync();\n        return s.ToString();\n    }",
        "    async Task<string?> M()\n    {\n        using var r = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead);\n        if (!r.IsSuccessStatusCode)\n        {\n            return null;\n        }\n\n        await using var s = await r.Content.ReadAsStreamAsync();\n        return s.ToString();\n    }")]
    [InlineData(
        "    async Task<string?> M()\n    {\n        var reader = new StreamReader(await [|Http.GetStreamAsync(Address)|]);\n        return await reader.ReadLineAsync();\n    }",
        "    async Task<string?> M()\n    {\n        using var stream = await Http.GetStreamAsync(Address);\n        var reader = new StreamReader(stream);\n        return await reader.ReadLineAsync();\n    }")]
    public Task Response_GetsUsing(string before, string after) => FixVerifier<ResponseHeldAnalyzer, UsingFix>.MembersAsync(before, after);

    [Theory]
    [InlineData(
        "    void M()\n    {\n        var call = [|Client.Scan(new())|];\n    }",
        "    void M()\n    {\n        using var call = Client.Scan(new());\n    }")]
    [InlineData(
        "    void M()\n    {\n        _ = [|Client.Scan(new())|];\n    }",
        "    void M()\n    {\n        using var call = Client.Scan(new());\n    }")]
    [InlineData(
        "    async Task M()\n    {\n        await foreach (var pair in [|Client.Scan(new())|].ResponseStream.ReadAllAsync())\n        {\n            break;\n        }\n    }",
        "    async Task M()\n    {\n        using var call = Client.Scan(new());\n        await foreach (var pair in call.ResponseStream.ReadAllAsync())\n        {\n            break;\n        }\n    }")]
    public Task Stream_GetsUsing(string before, string after) => FixVerifier<StreamHeldAnalyzer, UsingFix>.MembersAsync(before, after);

    /// <summary>A using would dispose what someone still has, or begin what was not always begun.</summary>
    [Theory]
    [InlineData("async Task<HttpResponseMessage?> M() { var r = await [|Http.GetAsync(Address, H)|]; if (r.StatusCode == HttpStatusCode.NotFound) { return null; } return r; }")]
    [InlineData("async Task<Stream?> M() { var r = await [|Http.GetAsync(Address, H)|]; if (r.StatusCode == HttpStatusCode.NotFound) { return null; } return await r.Content.ReadAsStreamAsync(); }")]
    [InlineData("HttpResponseMessage? _r; async Task M(bool b) { var r = await [|Http.GetAsync(Address, H)|]; if (b) { _r = r; } }")]
    [InlineData("async Task M(bool b) { var r = await [|Http.GetAsync(Address, H)|]; if (b) { Keep(r); } } static void Keep(object o) { }")]
    [InlineData("async Task M(bool b, List<object> all) { var r = await [|Http.GetAsync(Address, H)|]; if (b) { all.Add(r); } }")]
    [InlineData("Task<string> M() { var r = [|Http.Send(new HttpRequestMessage(), H)|]; return r.Content.ReadAsStringAsync(); }")]
    [InlineData("Task<string> M() => [|Http.Send(new HttpRequestMessage(), H)|].Content.ReadAsStringAsync();")]
    [InlineData("Func<int> M() { Func<int> f = () => 1; var r = [|Http.Send(new HttpRequestMessage(), H)|]; var g = () => (int)r.StatusCode; g(); return f; }")]
    [InlineData("async Task<bool> M(bool b) { return b && (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode; }")]
    [InlineData("async Task<bool> M(bool b) => b || (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode;")]
    [InlineData("async Task<bool> M(bool? b) { return b ?? (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode; }")]
    [InlineData("async Task M(bool? b) { b ??= (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode; }")]
    [InlineData("async Task<bool> M(bool b) => b ? (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode : b;")]
    [InlineData("async Task<bool> M(int n) { return n switch { 1 => (await [|Http.GetAsync(Address, H)|]).IsSuccessStatusCode, _ => false }; }")]
    [InlineData("void M() { Action f = () => Console.WriteLine([|Http.Send(new HttpRequestMessage(), H)|].StatusCode); }")]
    public Task Response_StillUsed_NoFix(string members) => FixVerifier<ResponseHeldAnalyzer, UsingFix>.MembersAsync(Prelude + members, Prelude + members);

    [Theory]
    [InlineData("AsyncServerStreamingCall<Pair>? M(bool b) { var call = [|Client.Scan(new())|]; if (b) { return null; } return call; }")]
    [InlineData("object M() { var call = [|Client.Load()|]; return call.RequestStream; }")]
    [InlineData("Task M() { var call = [|Client.Load()|]; return call.RequestStream.CompleteAsync(); }")]
    public Task Stream_StillUsed_NoFix(string members) => FixVerifier<StreamHeldAnalyzer, UsingFix>.MembersAsync(members, members);

    private const string Prelude = "const HttpCompletionOption H = HttpCompletionOption.ResponseHeadersRead;\n";
}
