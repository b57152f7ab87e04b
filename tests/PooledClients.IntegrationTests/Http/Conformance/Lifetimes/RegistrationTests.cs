using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Lifetimes;

/// <summary>Named, typed, keyed and unnamed clients out of a container: <c>AddPooledHttpClient</c> beside <c>AddHttpClient</c>.</summary>
public class RegistrationTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Over("named", static (trial, services) => Add(trial, services, "a"), static (trial, provider) => GetAsync(trial, Factory(provider).CreateClient("a"))),
        Over("unnamed", static (trial, services) => Add(trial, services, ""), static (trial, provider) => GetAsync(trial, Factory(provider).CreateClient())),
        Over("unnamed, as a service", static (trial, services) => Add(trial, services, ""), static (trial, provider) => GetAsync(trial, provider.GetRequiredService<HttpClient>())),
        Over("keyed", static (trial, services) => Add(trial, services, "a"), static (trial, provider) => GetAsync(trial, provider.GetRequiredKeyedService<HttpClient>("a"))),
        Over("keyed, twice in a scope", static (trial, services) => Add(trial, services, "a"), static (trial, provider) =>
        {
            trial.Note("one", ReferenceEquals(provider.GetRequiredKeyedService<HttpClient>("a"), provider.GetRequiredKeyedService<HttpClient>("a")));
            return Task.CompletedTask;
        }, "one: True"),
        Over("keyed, in two scopes", static (trial, services) => Add(trial, services, "a"), static async (trial, provider) =>
        {
            await using var other = provider.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
            var one = provider.GetRequiredKeyedService<HttpClient>("a");
            var two = other.ServiceProvider.GetRequiredKeyedService<HttpClient>("a");
            one.DefaultRequestHeaders.Add("X-Own", "one");
            trial.Note($"one {ReferenceEquals(one, two)}, header seen {two.DefaultRequestHeaders.Contains("X-Own")}");
            await GetAsync(trial, two);
        }, "one False, header seen False"),
        Over("typed", static (trial, services) => Typed(trial, services), static (trial, provider) => GetAsync(trial, provider.GetRequiredService<TypedClient>().Client)),
        Over("typed, by its interface", static (trial, services) => Interface(trial, services), static (trial, provider) => GetAsync(trial, provider.GetRequiredService<ITypedClient>().Client)),
        Over("typed, transient", static (trial, services) => Typed(trial, services), static (trial, provider) =>
        {
            var one = provider.GetRequiredService<TypedClient>();
            var two = provider.GetRequiredService<TypedClient>();
            trial.Note($"one {ReferenceEquals(one, two)}, one client {ReferenceEquals(one.Client, two.Client)}");
            return Task.CompletedTask;
        }, "one False, one client False"),
        Over("clients of a factory are their own", static (trial, services) => Add(trial, services, "a"), static async (trial, provider) =>
        {
            var one = Factory(provider).CreateClient("a");
            one.DefaultRequestHeaders.Add("X-Own", "one");
            one.Dispose();
            await GetAsync(trial, Factory(provider).CreateClient("a"));
        }),
        Over("configured twice, in order", static (trial, services) => Add(trial, services, "a")
            .ConfigureHttpClient(static client => client.DefaultRequestHeaders.Add("X-Own", "one"))
            .ConfigureHttpClient(static client => client.DefaultRequestHeaders.Add("X-Own", "two")), static (trial, provider) => GetAsync(trial, Factory(provider).CreateClient("a")), "X-Own: one, two"),
        Over("a handler out of the container", static (trial, services) => Add(trial, services, "a").AddHttpMessageHandler(static _ => new Handlers.ScriptedHandler(static (request, next, token) =>
        {
            request.Headers.Add("X-Own", "handler");
            return next(request, token);
        })), static (trial, provider) => GetAsync(trial, Factory(provider).CreateClient("a")), "X-Own: handler"),
        Over("an invoker over the handler", static (trial, services) => Add(trial, services, "a"), static async (trial, provider) =>
        {
            using var invoker = new HttpMessageInvoker(provider.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler("a"), disposeHandler: false);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(trial.Peer.Address, "text"));
            using var response = await invoker.SendAsync(request, trial.Token);
            trial.NoteHead(response);
            trial.Note("body", await response.Content.ReadAsStringAsync());
        }),
        Over("the client's own settings", static (trial, services) => Add(trial, services, "a"), static (trial, provider) =>
        {
            var client = Factory(provider).CreateClient("a");
            trial.Note($"{client.DefaultRequestVersion} {client.DefaultVersionPolicy} {client.MaxResponseContentBufferSize} {client.DefaultRequestHeaders}");
            return Task.CompletedTask;
        }, "1.1 RequestVersionOrLower"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Client_OutOfAContainer_IsTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Over(string name, Action<Trial, IServiceCollection> register, Func<Trial, IServiceProvider, Task> act, string shows = "the quick brown fox") => new(
        name,
        KestrelServers.Http1,
        async trial =>
        {
            var services = new ServiceCollection();
            register(trial, services);
            await using var provider = services.BuildServiceProvider(validateScopes: true);
            await using var scope = provider.CreateAsyncScope();
            await act(trial, scope.ServiceProvider);
        },
        shows);

    private static async Task GetAsync(Trial trial, HttpClient client) => await trial.NoteAsync(await client.GetAsync(new Uri(trial.Peer.Address, "text"), trial.Token));

    private static IHttpClientFactory Factory(IServiceProvider provider) => provider.GetRequiredService<IHttpClientFactory>();

    private static IHttpClientBuilder Add(Trial trial, IServiceCollection services, string name) => (trial.Side, name) switch
    {
        (Side.Plain, "") => services.AddHttpClient(name),
        (Side.Plain, _) => services.AddHttpClient(name).AddAsKeyed(),
        (_, "") => services.AddPooledHttpClient(),
        _ => services.AddPooledHttpClient(name),
    };

    private static void Typed(Trial trial, IServiceCollection services)
        => _ = trial.Side == Side.Plain ? services.AddHttpClient<TypedClient>() : services.AddPooledHttpClient<TypedClient>();

    private static void Interface(Trial trial, IServiceCollection services)
        => _ = trial.Side == Side.Plain ? services.AddHttpClient<ITypedClient, TypedClient>() : services.AddPooledHttpClient<ITypedClient, TypedClient>();
}
