using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Grpc;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Http;
using PooledClients.Http.Handlers;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection;

/// <summary>Validates every client and the process-wide options in one go, so that all errors are seen at once and each once.</summary>
internal sealed class StartValidator(
    IServiceProvider services,
    BindingErrors bindingErrors,
    IOptions<PooledClientsOptions> options,
    IOptionsMonitor<PooledGrpcClientOptions> grpcOptions,
    IEnumerable<GrpcClientRegistration> grpcClients,
    IOptionsMonitor<GrpcClientSetup> setups,
    IOptionsMonitor<PooledHttpClientOptions> httpOptions,
    IEnumerable<HttpClientRegistration> httpClients,
    IOptionsMonitor<HttpClientSetup> httpSetups,
    ServiceRegistrations registrations) : IValidateOptions<StartValidation>
{
    public ValidateOptionsResult Validate(string? name, StartValidation nothing)
    {
        var failures = new StartFailures();
        failures.Try(ConfigurationKeys.Root, () => _ = options.Value);
        CheckNames(failures);

        // The pool reads the process-wide options as it is made, and knows no name that is taken twice.
        var isPoolGood = failures.All.Count == 0;
        var grpcNames = grpcClients.Select(static client => client.Name).Distinct(StringComparer.Ordinal).ToList();
        var goodGrpc = grpcNames.Where(client => failures.Try(ConfigurationKeys.Grpc(client), () => grpcOptions.Get(client))).ToHashSet(StringComparer.Ordinal);
        var goodHttp = httpClients.Where(client => failures.Try(ConfigurationKeys.Http(client.Name), () => httpOptions.Get(client.Name))).ToHashSet();
        if (services.GetService<IConfiguration>() is { } configuration)
        {
            foreach (var failure in bindingErrors.Judge(FindUnknownClients(configuration)))
            {
                failures.Add(failure);
            }
        }

        foreach (var client in grpcNames.Where(client => setups.Get(client).HasApplicationParts))
        {
            PrepareGrpc(client, isPoolGood && goodGrpc.Contains(client), failures);
        }

        foreach (var client in httpClients)
        {
            PrepareHttp(client.Name, isPoolGood && goodHttp.Contains(client), failures);
        }

        return failures.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures.All);
    }

    private void CheckNames(StartFailures failures)
    {
        foreach (var clients in grpcClients.GroupBy(static client => client.Name, StringComparer.Ordinal))
        {
            var types = clients.Select(static client => client.ClientType).Distinct().ToList();
            if (types.Count > 1)
            {
                failures.Add(
                    $"{ConfigurationKeys.Grpc(clients.Key)}: {string.Join(" and ", types)} share the name '{clients.Key}', and so its options; " +
                    "give all but one a name of its own: AddPooledGrpcClient<TClient>(\"name\").");
            }
        }
    }

    // What the application put into a client runs now, so that a handler that is not registered fails the start and not the first call. Where that
    // fails, or the client cannot be made for another reason, each part is tried by itself.
    private void PrepareGrpc(string client, bool isGood, StartFailures failures)
    {
        var key = ConfigurationKeys.Grpc(client);
        if (isGood && failures.Try(key, () => services.GetRequiredService<GrpcChannelPool>().Prepare(client)))
        {
            return;
        }

        var setup = setups.Get(client);
        using var root = new RootServices(ScopeWords.OfGrpc(client), services, registrations);
        using var scope = new ShortScope(services);
        var address = isGood && ServiceAddress.TryParse(grpcOptions.Get(client).Address, out var parsed, out _) ? parsed : null;
        foreach (var failure in ClientParts.FindFailures(setup, root, setup.IsScoped ? scope.ServiceProvider : root, address))
        {
            failures.Add(key, failure);
        }
    }

    private void PrepareHttp(string client, bool isGood, StartFailures failures)
    {
        var key = ConfigurationKeys.Http(client);
        using var scope = new ShortScope(services);
        var isScoped = httpSetups.Get(client).IsScoped;
        if (isGood && failures.Try(key, () => CheckHttpClient(client, isScoped ? scope.ServiceProvider : null)))
        {
            return;
        }

        using var root = new RootServices(ScopeWords.OfHttp(client), scope.ServiceProvider, registrations);
        var factoryOptions = isScoped ? ScopedHttpClients.OptionsOf(scope.ServiceProvider, client) : services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(client);
        foreach (var failure in HandlerParts.FindFailures(client, factoryOptions, isScoped ? scope.ServiceProvider : root))
        {
            failures.Add(key, failure);
        }
    }

    // What the client itself is told of its address is seen in the client alone.
    private void CheckHttpClient(string name, IServiceProvider? scope)
    {
        using var client = CreateHttpClient(name, scope);

        // Only a second scope tells whether each would have connections of its own.
        using var second = scope is null ? null : CreateHttpClient(name, scope);
        if (httpOptions.Get(name).Tls.IsSet && client.BaseAddress is { } address && address.Scheme != Uri.UriSchemeHttps && !ServiceTarget.IsDiscovered(address))
        {
            throw new OptionsValidationException(name, typeof(PooledHttpClientOptions), [
                $"{ConfigurationKeys.Http(name)}:{nameof(PooledHttpClientOptions.Tls)}: certificates are set, but the client's own BaseAddress (ConfigureHttpClient) is clear text ({address.Scheme}:), " +
                "where they are never used; use an https:// address or leave them out."]);
        }
    }

    private HttpClient CreateHttpClient(string name, IServiceProvider? scope)
        => scope is null ? services.GetRequiredService<IHttpClientFactory>().CreateClient(name) : ScopedHttpClients.Create(scope, name);

    private IEnumerable<string> FindUnknownClients(IConfiguration configuration)
    {
        List<string> grpc = [.. grpcClients.Select(static client => client.Name).Distinct()];
        List<string> http = [.. httpClients.Select(static client => client.Name.Length == 0 ? "Default" : client.Name).Distinct()];
        return
        [
            .. UnknownKeyFinder.FindMisspelt(configuration),
            .. UnknownKeyFinder.FindClients(configuration.GetSection($"{ConfigurationKeys.Root}:Grpc"), grpc, "AddPooledGrpcClient", ByName(http, ConfigurationKeys.Http)),
            .. UnknownKeyFinder.FindClients(configuration.GetSection($"{ConfigurationKeys.Root}:Http"), http, "AddPooledHttpClient", ByName(grpc, ConfigurationKeys.Grpc)),
        ];
    }

    private static Dictionary<string, string> ByName(IEnumerable<string> names, Func<string, string> section) =>
        names.DistinctBy(static name => name, StringComparer.OrdinalIgnoreCase).ToDictionary(static name => name, section, StringComparer.OrdinalIgnoreCase);
}
