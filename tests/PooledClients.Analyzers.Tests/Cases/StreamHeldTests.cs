using Verifier = PooledClients.Analyzers.Tests.Verifying.AnalyzerVerifier<PooledClients.Analyzers.Responses.StreamHeldAnalyzer>;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>PC0005.</summary>
public sealed class StreamHeldTests
{
    [Theory]
    [InlineData("void M() { [|Client.Scan(new())|]; }")]
    [InlineData("void M() { var call = [|Client.Scan(new())|]; }")]
    [InlineData("async Task<Pair> M() { var call = [|Client.Scan(new())|]; await call.ResponseStream.MoveNext(default); return call.ResponseStream.Current; }")]
    [InlineData("async Task<Pair?> M() { var call = [|Client.Scan(new())|]; await foreach (var pair in call.ResponseStream.ReadAllAsync()) { return pair; } return null; }")]
    [InlineData("async Task M() { await foreach (var pair in [|Client.Scan(new())|].ResponseStream.ReadAllAsync()) { if (pair.Key.IsEmpty) { break; } } }")]
    [InlineData("async Task M() { var call = [|Client.Scan(new())|]; while (await call.ResponseStream.MoveNext(default)) { if (call.ResponseStream.Current.Key.IsEmpty) { break; } } }")]
    [InlineData("async Task M() { var call = [|Client.Scan(new())|]; if (await call.ResponseStream.MoveNext(default)) { Console.WriteLine(call.ResponseStream.Current); } }")]
    [InlineData("async Task M() { var call = [|Client.Load()|]; await call.RequestStream.WriteAsync(new()); await call.RequestStream.CompleteAsync(); }")]
    [InlineData("async Task M() { var call = [|Client.Exchange()|]; await call.RequestStream.CompleteAsync(); }")]
    [InlineData("async Task M(bool b) { var call = [|Client.Scan(new())|]; if (b) { return; } call.Dispose(); }")]
    [InlineData("async Task M() { var call = [|Client.Scan(new())|]; await call.ResponseHeadersAsync; }")]
    [InlineData("void M() { for (int i = 0; i < 9; i++) { var call = [|Client.Scan(new())|]; Console.WriteLine(call.GetStatus()); } }")]
    [InlineData("void M() { Task.Run(async () => { var call = [|Client.Scan(new())|]; await call.ResponseStream.MoveNext(default); }); }")]
    [InlineData("async Task M() { await Read(); async Task Read() { var call = [|Client.Exchange()|]; await call.RequestStream.WriteAsync(new()); } }")]
    [InlineData("void M() => [|Client.Scan(new())|].GetTrailers();")]
    [InlineData("void M() { _ = [|Client.Scan(new())|]; }")]
    [InlineData("async Task M(bool b) { var call = [|Client.Load()|]; await call.RequestStream.CompleteAsync(); if (b) { await call.ResponseAsync; } }")]
    [InlineData("async IAsyncEnumerable<Pair> M() { var call = [|Client.Scan(new())|]; await foreach (var pair in call.ResponseStream.ReadAllAsync()) { yield return pair; if (pair.Key.IsEmpty) { yield break; } } }")]
    [InlineData("async Task M() { await using var writer = new StringWriter(); var call = [|Client.Exchange()|]; try { await call.RequestStream.WriteAsync(new()); } finally { writer.Write(1); } }")]
    public Task Call_LeftOpen_Fires(string members) => Verifier.MembersAsync(members);

    [Theory]
    [InlineData("void M() { using var call = Client.Scan(new()); }")]
    [InlineData("async Task M() { using (var call = Client.Scan(new())) { await call.ResponseStream.MoveNext(default); } }")]
    [InlineData("async Task M() { var call = Client.Scan(new()); await foreach (var pair in call.ResponseStream.ReadAllAsync()) { Console.WriteLine(pair); } }")]
    [InlineData("async Task M() { await foreach (var pair in Client.Scan(new()).ResponseStream.ReadAllAsync().ConfigureAwait(false)) { Console.WriteLine(pair); } }")]
    [InlineData("async Task M() { var call = Client.Scan(new()); while (await call.ResponseStream.MoveNext(default)) { Console.WriteLine(call.ResponseStream.Current); } }")]
    [InlineData("async Task M() { var call = Client.Scan(new()); while (true) { if (!await call.ResponseStream.MoveNext(default)) { break; } Console.WriteLine(call.ResponseStream.Current); } }")]
    [InlineData("AsyncServerStreamingCall<Pair> M() => Client.Scan(new());")]
    [InlineData("AsyncServerStreamingCall<Pair> M() { var call = Client.Scan(new()); return call; }")]
    [InlineData("IAsyncEnumerable<Pair> M() => Client.Scan(new()).ResponseStream.ReadAllAsync();")]
    [InlineData("IAsyncStreamReader<Pair> M() { var call = Client.Scan(new()); return call.ResponseStream; }")]
    [InlineData("AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse>? _call; void M() { _call = Client.Exchange(); }")]
    [InlineData("void M() { Keep(Client.Scan(new())); } static void Keep(AsyncServerStreamingCall<Pair> call) { }")]
    [InlineData("async Task<LoadResponse> M() { var call = Client.Load(); await call.RequestStream.CompleteAsync(); return await call.ResponseAsync; }")]
    [InlineData("async Task<LoadResponse> M() { var call = Client.Load(); await call.RequestStream.CompleteAsync(); return await call; }")]
    [InlineData("Task<LoadResponse> M() { var call = Client.Load(); return call.ResponseAsync; }")]
    [InlineData("async Task M() { var call = Client.Scan(new()); try { await call.ResponseStream.MoveNext(default); } finally { call.Dispose(); } }")]
    [InlineData("async Task M() { var call = Client.Exchange(); var read = Task.Run(async () => { await foreach (var m in call.ResponseStream.ReadAllAsync()) { } }); await call.RequestStream.CompleteAsync(); await read; }")]
    [InlineData("readonly List<IDisposable> _open = []; void M() { _open.Add(Client.Scan(new())); }")]
    [InlineData("async Task M() { var call = Client.GetAsync(Request); await call; }")]
    [InlineData("AsyncServerStreamingCall<Pair> _call = null!; Pair P => Volatile.Read(ref _call).ResponseStream.Current;")]
    [InlineData("[Xunit.Fact] public void M() { Client.Scan(new()); }")]
    [InlineData("async Task M() { var call = Client.Scan(new()); await foreach (var pair in call.ResponseStream.ReadAllAsync()) { foreach (byte b in pair.Key) { if (b == 0) { break; } } } }")]
    [InlineData("sealed class I : Interceptor { public override AsyncServerStreamingCall<R> AsyncServerStreamingCall<Q, R>(Q q, ClientInterceptorContext<Q, R> c, AsyncServerStreamingCallContinuation<Q, R> next) { var call = next(q, c); return new(call.ResponseStream, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose); } }")]
    [InlineData("async Task<List<Pair>> M() => await List(Client.Scan(new()).ResponseStream); static Task<List<Pair>> List(IAsyncStreamReader<Pair> r) => null!;")]
    [InlineData("void M(bool b) { var call = Client.Scan(new()); if (b) { call.Dispose(); return; } call.Dispose(); }")]
    public Task Call_EndedOrHandedOn_Silent(string members) => Verifier.MembersAsync(members);
}
