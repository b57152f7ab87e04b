using Verifier = PooledClients.Analyzers.Tests.Verifying.AnalyzerVerifier<PooledClients.Analyzers.Http.HttpClientPerCallAnalyzer>;

namespace PooledClients.Analyzers.Tests.Cases;

/// <summary>PC0002.</summary>
public sealed class HttpClientPerCallTests
{
    [Theory]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient()|]; return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { using HttpClient http = [|new()|]; return await http.GetStringAsync(Address); }")]
    [InlineData("Task<string> M() => [|new HttpClient()|].GetStringAsync(Address);")]
    [InlineData("async Task<string> M() { var http = [|new HttpClient { Timeout = TimeSpan.FromSeconds(1) }|]; return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { using (var http = [|new HttpClient()|]) { return await http.GetStringAsync(Address); } }")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient(new HttpClientHandler())|]; return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { var handler = new SocketsHttpHandler { AllowAutoRedirect = false }; using var http = [|new HttpClient(handler)|]; return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { using var handler = new HttpClientHandler(); using var http = [|new HttpClient(handler, disposeHandler: false)|]; return await http.GetStringAsync(Address); }")]
    [InlineData("void M() { var handler = [|new HttpClientHandler()|]; handler.AllowAutoRedirect = false; }")]
    [InlineData("async Task M() { using var invoker = new HttpMessageInvoker([|new SocketsHttpHandler()|]); using var response = await invoker.SendAsync(new HttpRequestMessage(), default); }")]
    [InlineData("async Task<string> M() { HttpClient? http = null; try { http = [|new HttpClient()|]; return await http.GetStringAsync(Address); } finally { http?.Dispose(); } }")]
    [InlineData("void M() { foreach (int i in new[] { 1, 2 }) { using var http = [|new HttpClient()|]; http.Send(new HttpRequestMessage()); } }")]
    [InlineData("async Task<Pair?> M() { var http = [|new HttpClient()|]; return await http.GetFromJsonAsync<Pair>(Address); }")]
    [InlineData("void M() { Func<Task<string>> f = () => [|new HttpClient()|].GetStringAsync(Address); f(); }")]
    [InlineData("async Task M() { await Get(); async Task<string> Get() { using var http = [|new HttpClient()|]; return await http.GetStringAsync(Address); } }")]
    [InlineData("async Task<string> M(bool b) { var http = b ? Http : [|new HttpClient()|]; return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient()|]; http.DefaultRequestHeaders.Add(\"a\", \"b\"); http.BaseAddress = new Uri(Address); var response = await http.GetAsync(\"/\"); return await response.Content.ReadAsStringAsync(); }")]
    [InlineData("async Task M(HttpClient? http = null) { http ??= [|new HttpClient()|]; await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M() { using var http = [|Make()|]; return await http.GetStringAsync(Address); } HttpClient Make() => new();")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient(new Trace { InnerHandler = new HttpClientHandler() })|]; return await http.GetStringAsync(Address); } sealed class Trace : DelegatingHandler { }")]
    [InlineData("string this[int i] { get { using var http = [|new HttpClient()|]; return http.GetStringAsync(Address).Result; } }")]
    [InlineData("sealed class Api { readonly string _a; Api(HttpClient? http) { _a = Address; } async Task<string> Get(HttpClient? http) { http ??= [|new HttpClient()|]; return await http.GetStringAsync(_a); } }")]
    [InlineData("HttpClient Client2 => new HttpClient(); Task<string> M() => [|Client2|].GetStringAsync(Address);")]
    [InlineData("static HttpClient Client2 { get { var http = new HttpClient(); http.Timeout = TimeSpan.FromSeconds(1); return http; } } Task<string> M() => [|Subject.Client2|].GetStringAsync(Address);")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient(CreateHandler())|]; return await http.GetStringAsync(Address); } static HttpClientHandler CreateHandler() => new();")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient(CreateHandler())|]; return await http.GetStringAsync(Address); static HttpClientHandler CreateHandler() => new(); }")]
    [InlineData("async Task<string> M() { var handler = CreateHandler(); using var http = [|new HttpClient(handler)|]; return await http.GetStringAsync(Address); } static HttpMessageHandler CreateHandler() { var h = new SocketsHttpHandler(); h.AllowAutoRedirect = false; return h; }")]
    [InlineData("async Task<string> M() { using var http = [|new HttpClient(new Trace(CreateHandler()))|]; return await http.GetStringAsync(Address); } static HttpMessageHandler CreateHandler() => new SocketsHttpHandler(); sealed class Trace(HttpMessageHandler inner) : DelegatingHandler(inner);")]
    [InlineData("async Task<string> M() { using var http = [|Make()|]; return await http.GetStringAsync(Address); } HttpClient Make() => new(CreateHandler()); static HttpClientHandler CreateHandler() => new();")]
    [InlineData("async Task<string> M() { using var http = await [|MakeAsync()|]; return await http.GetStringAsync(Address); } async Task<HttpClient> MakeAsync() { await Task.Yield(); return new HttpClient(); }")]
    [InlineData("sealed class Button { public event EventHandler? Click; void On() => Click?.Invoke(this, EventArgs.Empty); } Subject(Button button) { button.Click += async (_, _) => { using var http = [|new HttpClient()|]; await http.GetStringAsync(Address); }; }")]
    [InlineData("sealed class Button { public event EventHandler? Click; void On() => Click?.Invoke(this, EventArgs.Empty); } Subject(Button button) { button.Click += Clicked; async void Clicked(object? o, EventArgs e) { using var http = [|new HttpClient()|]; await http.GetStringAsync(Address); } }")]
    [InlineData("readonly Func<Task<string>> _get = async () => { using var http = [|new HttpClient()|]; return await http.GetStringAsync(Address); };")]
    [InlineData("static Func<Task<string>> Get { get; } = async () => { using var http = [|new HttpClient()|]; return await http.GetStringAsync(Address); };")]
    [InlineData("readonly Dictionary<string, Func<Task<string>>> _all = new() { [\"a\"] = async () => { using var http = [|new HttpClient()|]; return await http.GetStringAsync(Address); } };")]
    [InlineData("async Task M(HttpMessageHandler? h) { var handler = [|new SocketsHttpHandler()|]; using var invoker = new HttpMessageInvoker(handler); using var r = await invoker.SendAsync(new(), default); }")]
    public Task Member_ClientStays_Fires(string members) => Verifier.MembersAsync(members);

    [Theory]
    [InlineData("HttpClient M() => new();")]
    [InlineData("HttpClient M() { var http = new HttpClient(); http.Timeout = TimeSpan.FromSeconds(1); return http; }")]
    [InlineData("HttpMessageHandler M() => new SocketsHttpHandler();")]
    [InlineData("HttpClient M() => new HttpClient(new SocketsHttpHandler());")]
    [InlineData("static readonly HttpClient Shared = new(new SocketsHttpHandler());")]
    [InlineData("HttpClient? _http; Task<string> M() { _http ??= new HttpClient(); return _http.GetStringAsync(Address); }")]
    [InlineData("HttpClient? _http; void M() { var handler = new SocketsHttpHandler(); _http = new HttpClient(handler); }")]
    [InlineData("readonly SocketsHttpHandler _handler = new(); async Task<string> M() { using var http = new HttpClient(_handler, disposeHandler: false); return await http.GetStringAsync(Address); }")]
    [InlineData("async Task<string> M(HttpMessageHandler handler) { using var http = new HttpClient(handler, false); return await http.GetStringAsync(Address); }")]
    [InlineData("void M(IServiceCollection services) { services.AddSingleton(new HttpClient()); }")]
    [InlineData("void M(IServiceCollection services) { services.AddHttpClient(\"a\").ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler()); }")]
    [InlineData("void M(IHttpClientBuilder builder) { builder.ConfigurePrimaryHttpMessageHandler(() => { var handler = new HttpClientHandler(); handler.AllowAutoRedirect = false; return handler; }); }")]
    [InlineData("async Task<string> M(IHttpClientFactory factory) { using var http = factory.CreateClient(); return await http.GetStringAsync(Address); }")]
    [InlineData("GrpcChannel M() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler() });")]
    [InlineData("void M() { using var channel = GrpcChannel.ForAddress(Address, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler(), DisposeHttpClient = true }); channel.ConnectAsync(); }")]
    [InlineData("Subject() { using var http = new HttpClient(); http.Send(new HttpRequestMessage()); }")]
    [InlineData("static async Task Main() { using var http = new HttpClient(); await http.GetStringAsync(Address); }")]
    [InlineData("[Xunit.Theory] public async Task M(int n) { using var http = new HttpClient(); await http.GetStringAsync(Address); }")]
    [InlineData("class TestAttribute : Attribute { } [Test] async Task M() { using var http = new HttpClient(); await http.GetStringAsync(Address); }")]
    [InlineData("class TestMethodAttribute : Attribute { } [TestMethod] async Task M() { using var http = new HttpClient(); await http.GetStringAsync(Address); }")]
    [InlineData("sealed class Api(HttpClient http) : IDisposable { public void Dispose() => http.Dispose(); } Api M() => new Api(new HttpClient());")]
    [InlineData("static readonly Lazy<Task<string>> Keys = new(async () => { using var http = new HttpClient(); return await http.GetStringAsync(Address); });")]
    [InlineData("Task M(IServiceCollection services) { using var http = new HttpClient(); return http.GetStringAsync(Address); }")]
    [InlineData("Func<string, Task<string>> M() { var http = new HttpClient(); return http.GetStringAsync; }")]
    [InlineData("HttpClient M(int n) => n switch { 0 => new HttpClient(), _ => Http };")]
    [InlineData("sealed class Api(HttpClient? http) { Task<string> Get() { http ??= new HttpClient(); return http.GetStringAsync(Address); } }")]
    [InlineData("sealed class Api(HttpClient? http) { Task<string> Get() { http = new HttpClient(); return http.GetStringAsync(Address); } }")]
    [InlineData("struct Api(HttpClient? http) { Task<string> Get() { (http, _) = (new HttpClient(), 1); return http.GetStringAsync(Address); } }")]
    [InlineData("sealed class Api(HttpMessageHandler? handler) { Task<string> Get() { handler ??= new SocketsHttpHandler(); using var http = new HttpClient(handler, false); return http.GetStringAsync(Address); } }")]
    [InlineData("HttpClient Client2 => Http; Task<string> M() => Client2.GetStringAsync(Address);")]
    [InlineData("HttpClient Client2 { get; set; } = new HttpClient(); Task<string> M() { Client2 = Http; return Client2.GetStringAsync(Address); }")]
    [InlineData("HttpClient Client2 => field ??= new HttpClient(); Task<string> M() => Client2.GetStringAsync(Address);")]
    [InlineData("HttpClient? _kept; HttpClient Client2 { get { _kept ??= new HttpClient(); return _kept; } } Task<string> M() => Client2.GetStringAsync(Address);")]
    [InlineData("HttpClient Client2 => new HttpClient(); string N => nameof(Client2); HttpClient M() => Client2;")]
    [InlineData("async Task<string> M() { using var http = new HttpClient(Handler(), false); return await http.GetStringAsync(Address); } static readonly SocketsHttpHandler Shared = new(); static HttpMessageHandler Handler() => Shared;")]
    [InlineData("async Task<string> M() { using var http = new HttpClient(Handler(), false); return await http.GetStringAsync(Address); } static SocketsHttpHandler? _h; static HttpMessageHandler Handler() { var h = new SocketsHttpHandler(); _h = h; return h; }")]
    [InlineData("async Task<string> M() { using var http = Make(); return await http.GetStringAsync(Address); } readonly SocketsHttpHandler _handler = new(); HttpClient Make() => new(_handler, disposeHandler: false);")]
    [InlineData("sealed class Window { public event EventHandler? Loaded; void On() => Loaded?.Invoke(this, EventArgs.Empty); } Subject(Window window) { window.Loaded += async (_, _) => { using var http = new HttpClient(); await http.GetStringAsync(Address); }; }")]
    [InlineData("readonly Task<string> _all; Subject() { _all = Task.Run(async () => { using var http = new HttpClient(); return await http.GetStringAsync(Address); }); }")]
    [InlineData("readonly Lazy<Task<string>> _all; Subject() { _all = new(async () => { using var http = new HttpClient(); return await http.GetStringAsync(Address); }); }")]
    [InlineData("readonly List<HttpMessageHandler> _all = []; async Task<string> M() { var handler = new SocketsHttpHandler(); _all.Add(handler); using var http = new HttpClient(handler, false); return await http.GetStringAsync(Address); }")]
    [InlineData("readonly Dictionary<string, HttpMessageHandler> _all = []; async Task<string> M(string k) { if (!_all.TryGetValue(k, out var handler)) { handler = new SocketsHttpHandler(); _all[k] = handler; } using var http = new HttpClient(handler, false); return await http.GetStringAsync(Address); }")]
    public Task Member_ClientLeavesOrRunsOnce_Silent(string members) => Verifier.MembersAsync(members);

    [Fact]
    public Task TopLevelStatements_Silent() => Verifier.ProgramAsync("using var http = new HttpClient(); Console.WriteLine(await http.GetStringAsync(\"https://localhost\"));");

    [Fact]
    public Task Endpoint_InTopLevelStatements_Fires()
        => Verifier.ProgramAsync("var app = WebApplication.CreateBuilder().Build(); app.MapGet(\"/\", async () => { using var http = [|new HttpClient()|]; return await http.GetStringAsync(\"https://localhost\"); }); app.Run();");

    [Fact]
    public Task LocalFunctionOfEndpoint_InTopLevelStatements_Fires()
        => Verifier.ProgramAsync("var app = WebApplication.CreateBuilder().Build(); app.MapGet(\"/\", GetAsync); app.Run(); async Task<string> GetAsync() { using var http = [|new HttpClient()|]; return await http.GetStringAsync(\"https://localhost\"); }");

    [Fact]
    public Task LocalFunctionOfStart_InTopLevelStatements_Silent()
        => Verifier.ProgramAsync("await GetAsync(); async Task<string> GetAsync() { using var http = new HttpClient(); return await http.GetStringAsync(\"https://localhost\"); }");

    [Fact]
    public Task SingletonInTopLevelStatements_Silent()
        => Verifier.ProgramAsync("var builder = WebApplication.CreateBuilder(); builder.Services.AddScoped(_ => new HttpClient()); builder.Build().Run();");
}
