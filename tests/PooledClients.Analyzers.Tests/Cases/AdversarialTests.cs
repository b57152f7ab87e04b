using PooledClients.Analyzers.Channels;
using PooledClients.Analyzers.Http;
using PooledClients.Analyzers.Responses;
using PooledClients.Analyzers.Tests.Verifying;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>Shapes that each broke a rule once, or might.</summary>
public sealed class AdversarialTests
{
    [Theory]
    [InlineData("void M(HttpMessageHandler h) { for (int i = 0; i < 3; i++) { h = new Wrap(h); } using var http = new HttpClient(h); } sealed class Wrap(HttpMessageHandler inner) : DelegatingHandler(inner);")]
    [InlineData("void M() { HttpMessageHandler h = null!; h = new Wrap(h); using var http = new HttpClient(h); } sealed class Wrap(HttpMessageHandler inner) : DelegatingHandler(inner);")]
    [InlineData("HttpClient? M(bool b) { HttpClient? http; if (b) { http = new HttpClient(); } else { http = null; } return http; }")]
    [InlineData("void M(Dictionary<string, HttpClient> all) { if (!all.TryGetValue(\"a\", out var http)) { http = new HttpClient(); all[\"a\"] = http; } http.Send(new()); }")]
    [InlineData("HttpClient? _http; void M() { Interlocked.CompareExchange(ref _http, new HttpClient(), null); }")]
    [InlineData("(HttpClient Http, int N) M() => (new HttpClient(), 1);")]
    [InlineData("HttpClient M() { try { return new HttpClient(); } finally { Console.WriteLine(); } }")]
    [InlineData("object M() => new { Http = new HttpClient() };")]
    [InlineData("HttpClient[] M() => [new HttpClient(), .. new[] { new HttpClient() }];")]
    [InlineData("readonly record struct Pair2(HttpClient Http); Pair2 M() => new(new HttpClient());")]
    [InlineData("static class Factory { public static readonly Func<HttpClient> Make = () => new HttpClient(); }")]
    [InlineData("HttpClient? Cached { get => field ??= new HttpClient(); }")]
    [InlineData("ref struct R { public HttpClient H; } void M(ref HttpClient to) { to = new HttpClient(); }")]
    [InlineData("Task M() => Keep(new HttpClient()); static async Task Keep(HttpClient http) { await Task.Delay(1); Console.WriteLine(http); }")]
    public Task HttpClient_Leaves_Silent(string members) => AnalyzerVerifier<HttpClientPerCallAnalyzer>.MembersAsync(members);

    [Theory]
    [InlineData("async Task M() { await using var scope = new MemoryStream(); using HttpClient http = [|new()|], other = [|new()|]; await http.GetStringAsync(Address); await other.GetStringAsync(Address); }")]
    [InlineData("~Subject() { using var http = [|new HttpClient()|]; http.Send(new()); }")]
    [InlineData("public static Subject operator +(Subject a, Subject b) { using var http = [|new HttpClient()|]; http.Send(new()); return a; }")]
    [InlineData("async Task M() { using var http = [|new System.Net.Http.HttpClient()|]; var all = await Task.WhenAll(new[] { 1 }.Select(i => http.GetStringAsync(Address))); }")]
    [InlineData("void M() { static string Get() { using var http = [|new HttpClient()|]; return http.GetStringAsync(Address).Result; } Get(); }")]
    [InlineData("async Task<string> M() => await [|new HttpClient()|].GetStringAsync(Address).ConfigureAwait(false);")]
    public Task HttpClient_Stays_Fires(string members) => AnalyzerVerifier<HttpClientPerCallAnalyzer>.MembersAsync(members);

    [Theory]
    [InlineData("GetResponse M() { using GrpcChannel a = [|GrpcChannel.ForAddress(Address)|], b = [|GrpcChannel.ForAddress(Address)|]; return new KeyValue.KeyValueClient(a).Get(Request) ?? new KeyValue.KeyValueClient(b).Get(Request); }")]
    [InlineData("async Task M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; Func<Task> call = async () => await new KeyValue.KeyValueClient(channel).GetAsync(Request); await call(); }")]
    [InlineData("async Task M() { var channel = [|GrpcChannel.ForAddress(Address)|]; await using var end = new End(() => { }); if (channel is { } c) { await c.ConnectAsync(); } } sealed class End(Action a) : IAsyncDisposable { public ValueTask DisposeAsync() { a(); return default; } }")]
    public Task Channel_Stays_Fires(string members) => AnalyzerVerifier<ChannelPerCallAnalyzer>.MembersAsync(members);

    [Theory]
    [InlineData("async Task M() { foreach (var i in new[] { 1 }) { try { var r = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead); using (r) { continue; } } catch (HttpRequestException) when (i > 0) { } } }")]
    [InlineData("async Task<HttpResponseMessage> M() { HttpResponseMessage? last = null; for (int i = 0; i < 3; i++) { last?.Dispose(); last = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead); if (last.IsSuccessStatusCode) { break; } } return last!; }")]
    [InlineData("async Task M(bool b) { var r = b ? await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead) : null; try { Console.WriteLine(r?.StatusCode); } finally { r?.Dispose(); } }")]
    [InlineData("async Task M() { var r = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead); switch (r.StatusCode) { case HttpStatusCode.OK: r.Dispose(); break; default: r.Dispose(); throw new InvalidOperationException(); } }")]
    [InlineData("async Task<Stream> M() { var r = await Http.GetAsync(Address, HttpCompletionOption.ResponseHeadersRead); return new Wrap(r, await r.Content.ReadAsStreamAsync()); } sealed class Wrap(HttpResponseMessage r, Stream s) : MemoryStream { public object O => (r, s); }")]
    public Task Response_Disposed_Silent(string members) => AnalyzerVerifier<ResponseHeldAnalyzer>.MembersAsync(members);
}
