using Verifier = PooledClients.Analyzers.Tests.Verifying.AnalyzerVerifier<PooledClients.Analyzers.Deadlines.NoDeadlineAnalyzer>;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>PC0008, which is off by default.</summary>
public sealed class NoDeadlineTests
{
    [Theory]
    [InlineData("void M() { [|Client.Get(Request)|]; }")]
    [InlineData("async Task M() { await [|Client.GetAsync(Request)|]; }")]
    [InlineData("async Task M(KeyValue.KeyValueClient client) { await [|client.GetAsync(Request)|]; }")]
    [InlineData("readonly KeyValue.KeyValueClient _client = new(GrpcChannel.ForAddress(Address)); void M() { [|_client.Get(Request)|]; }")]
    [InlineData("void M() { using var call = [|Client.Scan(new())|]; }")]
    [InlineData("void M() { using var call = [|Client.Load()|]; }")]
    [InlineData("void M() { using var call = [|Client.Exchange()|]; }")]
    [InlineData("void M() { [|Client.Get(Request, new Metadata())|]; }")]
    [InlineData("void M(CancellationToken token) { [|Client.Get(Request, cancellationToken: token)|]; }")]
    [InlineData("void M() { [|Client.Get(Request, deadline: null)|]; }")]
    [InlineData("void M() { [|Client.Get(Request, null, default)|]; }")]
    [InlineData("void M() { [|Client.Get(Request, new CallOptions())|]; }")]
    [InlineData("void M() { [|Client.Get(Request, default(CallOptions))|]; }")]
    [InlineData("void M(CancellationToken token) { [|Client.Get(Request, new CallOptions(cancellationToken: token))|]; }")]
    [InlineData("void M() { [|Client.Get(Request, new CallOptions().WithWaitForReady())|]; }")]
    [InlineData("Func<GetResponse> M() => () => [|Client.Get(Request)|];")]
    [InlineData("GetResponse M() => new KeyValue.KeyValueClient(GrpcChannel.ForAddress(Address)) is var c ? [|c.Get(Request)|] : null!;")]
    [InlineData("void M(IServiceCollection services) { services.AddPooledGrpcClient<Uploads.UploadsClient>(); [|Client.Get(Request)|]; }")]
    public Task Call_WithoutDeadline_Fires(string members) => Verifier.MembersAsync(members);

    [Theory]
    [InlineData("void M() { Client.Get(Request, deadline: DateTime.UtcNow.AddSeconds(1)); }")]
    [InlineData("async Task M() { await Client.GetAsync(Request, null, DateTime.UtcNow.AddSeconds(1)); }")]
    [InlineData("void M(DateTime? deadline) { Client.Get(Request, deadline: deadline); }")]
    [InlineData("void M() { Client.Get(Request, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(1))); }")]
    [InlineData("void M() { Client.Get(Request, new CallOptions(null, DateTime.UtcNow.AddSeconds(1))); }")]
    [InlineData("void M() { Client.Get(Request, new CallOptions().WithDeadline(DateTime.UtcNow.AddSeconds(1))); }")]
    [InlineData("void M(CallOptions options) { Client.Get(Request, options); }")]
    [InlineData("static CallOptions Options => default; void M() { Client.Get(Request, Options); }")]
    [InlineData("void M(IServiceCollection services) { services.AddPooledGrpcClient<KeyValue.KeyValueClient>(); Client.Get(Request); }")]
    [InlineData("void M(IServiceCollection services) { services.AddPooledGrpcClient<RocksDb.V1.KeyValue.KeyValueClient>(o => { }); Client.Scan(new()); }")]
    [InlineData("void M(IPooledGrpcClientFactory<KeyValue.KeyValueClient> clients) { clients.CreateClient().Get(Request); }")]
    [InlineData("void M(IPooledGrpcClientFactory<KeyValue.KeyValueClient> clients) { var client = clients.CreateClient(TimeSpan.FromSeconds(1)); client.Get(Request); }")]
    [InlineData("void M(IGrpcChannelPool pool) { new KeyValue.KeyValueClient(pool.GetChannel(\"a\")).Get(Request); }")]
    [InlineData("void M(IGrpcChannelPool pool) { var client = new KeyValue.KeyValueClient(pool.GetChannel(\"a\")); client.Get(Request); }")]
    [InlineData("[Xunit.Fact] public void M() { Client.Get(Request); }")]
    [InlineData("async Task M() { await Http.GetAsync(Address); }")]
    [InlineData("string M() => Client.ToString()!;")]
    [InlineData("sealed class Own : KeyValue.KeyValueClient { public GetResponse More() => Get(Request); }")]
    public Task Call_WithDeadlineOrPooled_Silent(string members) => Verifier.MembersAsync(members);
}
