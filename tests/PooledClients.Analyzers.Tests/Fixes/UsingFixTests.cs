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
}
