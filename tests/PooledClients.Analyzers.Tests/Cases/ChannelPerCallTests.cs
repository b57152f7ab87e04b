using Verifier = PooledClients.Analyzers.Tests.Verifying.AnalyzerVerifier<PooledClients.Analyzers.Channels.ChannelPerCallAnalyzer>;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>PC0001.</summary>
public sealed class ChannelPerCallTests
{
    [Theory]
    [InlineData("async Task M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; await new KeyValue.KeyValueClient(channel).GetAsync(Request); }")]
    [InlineData("void M() { using (var channel = [|GrpcChannel.ForAddress(Address)|]) { new KeyValue.KeyValueClient(channel).Get(Request); } }")]
    [InlineData("void M() { var channel = [|GrpcChannel.ForAddress(Address)|]; var client = new KeyValue.KeyValueClient(channel); client.Get(Request); }")]
    [InlineData("GetResponse M() => new KeyValue.KeyValueClient([|GrpcChannel.ForAddress(Address)|]).Get(Request);")]
    [InlineData("AsyncUnaryCall<GetResponse> M() => new KeyValue.KeyValueClient([|GrpcChannel.ForAddress(Address)|]).GetAsync(Request);")]
    [InlineData("async Task M() { GrpcChannel? channel = null; try { channel = [|GrpcChannel.ForAddress(Address)|]; await channel.ConnectAsync(); } finally { channel?.Dispose(); } }")]
    [InlineData("async Task M() { var channel = [|GrpcChannel.ForAddress(Address)|]; await new KeyValue.KeyValueClient(channel).GetAsync(Request); await channel.ShutdownAsync(); }")]
    [InlineData("void M() { for (int i = 0; i < 9; i++) { using var channel = [|GrpcChannel.ForAddress(Address)|]; new KeyValue.KeyValueClient(channel).Get(Request); } }")]
    [InlineData("void M() { Parallel.For(0, 9, _ => { using var channel = [|GrpcChannel.ForAddress(Address)|]; new KeyValue.KeyValueClient(channel).Get(Request); }); }")]
    [InlineData("void M() { Call(); void Call() { using var channel = [|GrpcChannel.ForAddress(Address)|]; new KeyValue.KeyValueClient(channel).Get(Request); } }")]
    [InlineData("void M() { using var channel = Dial(); new KeyValue.KeyValueClient(channel).Get(Request); GrpcChannel Dial() => [|GrpcChannel.ForAddress(Address)|]; }")]
    [InlineData("void M() { Func<GrpcChannel> dial = () => [|GrpcChannel.ForAddress(Address)|]; using var channel = dial(); channel.CreateCallInvoker(); }")]
    [InlineData("void M(int n) { using var channel = n switch { 1 => [|GrpcChannel.ForAddress(Address)|], _ => [|GrpcChannel.ForAddress(Address + n)|] }; new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("void M(bool b) { using var channel = b ? [|GrpcChannel.ForAddress(Address)|] : throw new InvalidOperationException(); channel.CreateCallInvoker(); }")]
    [InlineData("void M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; var client = new KeyValue.KeyValueClient(channel.Intercept(new I())); client.Get(Request); } sealed class I : Interceptor { }")]
    [InlineData("void M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; var invoker = channel.CreateCallInvoker(); new KeyValue.KeyValueClient(invoker).Get(Request); }")]
    [InlineData("void M() { [|GrpcChannel.ForAddress(Address)|]; }")]
    [InlineData("void M() { _ = [|GrpcChannel.ForAddress(Address)|]; }")]
    [InlineData("void M() { var (channel, n) = ([|GrpcChannel.ForAddress(Address)|], 1); new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("async Task M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; await Read(channel); } static Task Read(GrpcChannel channel) => channel.ConnectAsync();")]
    [InlineData("async Task M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; var client = new KeyValue.KeyValueClient(channel); await Task.WhenAll(Enumerable.Range(0, 9).Select(i => client.GetAsync(Request).ResponseAsync)); }")]
    [InlineData("async IAsyncEnumerable<Pair> M() { using var channel = [|GrpcChannel.ForAddress(Address)|]; using var call = new KeyValue.KeyValueClient(channel).Scan(new()); await foreach (var pair in call.ResponseStream.ReadAllAsync()) { yield return pair; } }")]
    [InlineData("GetResponse P { get { using var channel = [|GrpcChannel.ForAddress(Address)|]; return new KeyValue.KeyValueClient(channel).Get(Request); } }")]
    [InlineData("async Task M(GrpcChannel? channel = null) { channel ??= [|GrpcChannel.ForAddress(Address)|]; await channel.ConnectAsync(); }")]
    [InlineData("void M() { using var channel = [|Dial()|]; new KeyValue.KeyValueClient(channel).Get(Request); } GrpcChannel Dial() => GrpcChannel.ForAddress(Address);")]
    [InlineData("async Task M() { using var channel = [|Dial(3)|]; await channel.ConnectAsync(); } static GrpcChannel Dial(int n) { var options = new GrpcChannelOptions(); var channel = GrpcChannel.ForAddress(Address, options); return channel; }")]
    [InlineData("void M(WebApplication app) { app.MapGet(\"/\", async () => { using var channel = [|GrpcChannel.ForAddress(Address)|]; await channel.ConnectAsync(); }); }")]
    [InlineData("void M() { using var channel = [|GrpcChannel.ForAddress(new Uri(Address), new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler(), DisposeHttpClient = true })|]; new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("static void M(Action<Action> retry) { using var channel = [|GrpcChannel.ForAddress(Address)|]; var client = new KeyValue.KeyValueClient(channel); Retry.Execute(() => client.Get(Request)); } static class Retry { public static void Execute(Func<GetResponse> f) => f(); }")]
    public Task Member_ChannelStays_Fires(string members) => Verifier.MembersAsync(members);

    [Theory]
    [InlineData("GrpcChannel M() => GrpcChannel.ForAddress(Address);")]
    [InlineData("GrpcChannel M() { var channel = GrpcChannel.ForAddress(Address); return channel; }")]
    [InlineData("KeyValue.KeyValueClient M() => new(GrpcChannel.ForAddress(Address));")]
    [InlineData("KeyValue.KeyValueClient M() { var channel = GrpcChannel.ForAddress(Address); var client = new KeyValue.KeyValueClient(channel); return client; }")]
    [InlineData("(GrpcChannel, int) M() { var channel = GrpcChannel.ForAddress(Address); return (channel, 1); }")]
    [InlineData("void M(out GrpcChannel channel) { channel = GrpcChannel.ForAddress(Address); }")]
    [InlineData("GrpcChannel? _channel; void M() { _channel = GrpcChannel.ForAddress(Address); }")]
    [InlineData("GrpcChannel? _channel; GrpcChannel M() => _channel ??= GrpcChannel.ForAddress(Address);")]
    [InlineData("KeyValue.KeyValueClient? _client; void M() { var channel = GrpcChannel.ForAddress(Address); _client = new KeyValue.KeyValueClient(channel); }")]
    [InlineData("GrpcChannel? C { get; set; } void M() { C = GrpcChannel.ForAddress(Address); }")]
    [InlineData("GrpcChannel C { get; } = GrpcChannel.ForAddress(Address);")]
    [InlineData("static readonly Lazy<GrpcChannel> Shared = new(() => GrpcChannel.ForAddress(Address));")]
    [InlineData("static readonly ConcurrentDictionary<string, GrpcChannel> All = new(); void M(string a) { new KeyValue.KeyValueClient(All.GetOrAdd(a, key => GrpcChannel.ForAddress(key))).Get(Request); }")]
    [InlineData("readonly Dictionary<string, GrpcChannel> _all = []; void M(string a) { var channel = GrpcChannel.ForAddress(a); _all[a] = channel; new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("readonly List<GrpcChannel> _all = []; void M(string a) { _all.Add(GrpcChannel.ForAddress(a)); }")]
    [InlineData("void M() { GrpcChannel[] all = [GrpcChannel.ForAddress(Address)]; all[0].Dispose(); }")]
    [InlineData("Subject() { using var channel = GrpcChannel.ForAddress(Address); new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("static Subject() { using var channel = GrpcChannel.ForAddress(Address); new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("static void Main() { using var channel = GrpcChannel.ForAddress(Address); new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("static async Task Main(string[] args) { using var channel = GrpcChannel.ForAddress(Address); await new KeyValue.KeyValueClient(channel).GetAsync(Request); }")]
    [InlineData("[Xunit.Fact] public void M() { using var channel = GrpcChannel.ForAddress(Address); new KeyValue.KeyValueClient(channel).Get(Request); }")]
    [InlineData("event Action? Ticked; void M() { var channel = GrpcChannel.ForAddress(Address); var client = new KeyValue.KeyValueClient(channel); Ticked += () => client.Get(Request); Ticked(); }")]
    [InlineData("Func<GetResponse> M() { var channel = GrpcChannel.ForAddress(Address); var client = new KeyValue.KeyValueClient(channel); return () => client.Get(Request); }")]
    [InlineData("void M(WebApplication app) { var channel = GrpcChannel.ForAddress(Address); app.MapGet(\"/\", () => channel.Target); }")]
    [InlineData("void M() { var timer = new Timer(_ => { }); var channel = GrpcChannel.ForAddress(Address); _run = new Timer(_ => channel.ConnectAsync()); } Timer? _run;")]
    [InlineData("void M(IServiceCollection services) { services.AddSingleton(provider => GrpcChannel.ForAddress(Address)); }")]
    [InlineData("void M(IServiceCollection services) { services.AddSingleton(provider => { var channel = GrpcChannel.ForAddress(Address); return new KeyValue.KeyValueClient(channel); }); }")]
    [InlineData("void M() { Keep(GrpcChannel.ForAddress(Address)); } static void Keep(GrpcChannel channel) { }")]
    [InlineData("IEnumerable<GrpcChannel> M() { var channel = GrpcChannel.ForAddress(Address); yield return channel; }")]
    [InlineData("async Task<GrpcChannel> M() { var channel = GrpcChannel.ForAddress(Address); await channel.ConnectAsync(); return channel; }")]
    [InlineData("GrpcChannel? _channel; void M() { var made = GrpcChannel.ForAddress(Address); if (Interlocked.CompareExchange(ref _channel, made, null) is not null) { made.Dispose(); } }")]
    [InlineData("void M() { using var channel = Shared(); channel.ConnectAsync(); } GrpcChannel? _shared; GrpcChannel Shared() => _shared ??= GrpcChannel.ForAddress(Address);")]
    [InlineData("sealed class Worker : BackgroundService { protected override async Task ExecuteAsync(CancellationToken stoppingToken) { using var channel = GrpcChannel.ForAddress(Address); while (!stoppingToken.IsCancellationRequested) { await new KeyValue.KeyValueClient(channel).GetAsync(Request); } } }")]
    [InlineData("sealed class Api(GrpcChannel? channel) { GetResponse Get() { channel ??= GrpcChannel.ForAddress(Address); return new KeyValue.KeyValueClient(channel).Get(Request); } }")]
    [InlineData("sealed class Api(KeyValue.KeyValueClient? client) { GetResponse Get() { client ??= new KeyValue.KeyValueClient(GrpcChannel.ForAddress(Address)); return client.Get(Request); } }")]
    public Task Member_ChannelLeavesOrRunsOnce_Silent(string members) => Verifier.MembersAsync(members);

    [Fact]
    public Task TopLevelStatements_Silent() => Verifier.ProgramAsync("using var channel = GrpcChannel.ForAddress(\"https://localhost\"); await new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest());");

    [Fact]
    public Task GeneratedCode_Silent()
        => Verifier.FileAsync("[System.CodeDom.Compiler.GeneratedCode(\"tool\", \"1\")] public class C { void M() { using var channel = GrpcChannel.ForAddress(\"https://localhost\"); channel.ConnectAsync(); } }");

    [Fact]
    public Task Alias_Fires() => Verifier.FileAsync("using Dialer = Grpc.Net.Client.GrpcChannel; public class C { void M() { using Dialer channel = [|Dialer.ForAddress(\"https://localhost\")|]; channel.ConnectAsync(); } }");

    [Fact]
    public Task StaticUsing_Fires() => Verifier.FileAsync("using static Grpc.Net.Client.GrpcChannel; public class C { void M() { using var channel = [|ForAddress(\"https://localhost\")|]; channel.ConnectAsync(); } }");
}
