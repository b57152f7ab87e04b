using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Grpc;
using PooledClients.Grpc.Calls;
using PooledClients.Http;

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
    IEnumerable<HttpClientRegistration> httpClients) : IValidateOptions<StartValidation>
{
    public ValidateOptionsResult Validate(string? name, StartValidation _)
    {
        var failures = new List<string>();
        var prepared = new List<string>();
        Collect(failures, () => options.Value);

        foreach (var clients in grpcClients.GroupBy(static client => client.Name, StringComparer.Ordinal))
        {
            var types = clients.Select(static client => client.ClientType).Distinct().ToList();
            if (types.Count > 1)
            {
                failures.Add(
                    $"{ConfigurationKeys.Grpc(clients.Key)}: {string.Join(" and ", types)} share the name '{clients.Key}', and so its options; " +
                    "give all but one a name of its own: AddPooledGrpcClient<TClient>(\"name\").");
            }

            var before = failures.Count;
            Collect(failures, () => grpcOptions.Get(clients.Key));
            if (failures.Count == before && types.Count == 1 && setups.Get(clients.Key).HasApplicationParts)
            {
                prepared.Add(clients.Key);
            }
        }

        foreach (var client in httpClients)
        {
            Collect(failures, () => httpOptions.Get(client.Name));
        }

        if (services.GetService<IConfiguration>() is { } configuration)
        {
            failures.AddRange(bindingErrors.Judge(FindUnknownClients(configuration)));
        }

        // The pool reads the process-wide options as it is made, and knows no name that is taken twice.
        foreach (var client in failures.Count == 0 ? prepared : [])
        {
            Prepare(failures, ConfigurationKeys.Grpc(client), () => services.GetRequiredService<GrpcChannelPool>().Prepare(client));
        }

        // Where certificates are set, an HTTP client's pipeline is made too: it refuses a handler that would not heed them.
        foreach (var client in failures.Count == 0 ? httpClients.Where(client => httpOptions.Get(client.Name).Tls.IsSet) : [])
        {
            Prepare(failures, ConfigurationKeys.Http(client.Name), () => services.GetRequiredService<IHttpMessageHandlerFactory>().CreateHandler(client.Name));
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private IEnumerable<string> FindUnknownClients(IConfiguration configuration) =>
    [
        .. UnknownKeyFinder.FindClients(
            configuration.GetSection($"{ConfigurationKeys.Root}:Grpc"), [.. grpcClients.Select(static client => client.Name).Distinct()], "AddPooledGrpcClient"),
        .. UnknownKeyFinder.FindClients(
            configuration.GetSection($"{ConfigurationKeys.Root}:Http"), [.. httpClients.Select(static client => client.Name.Length == 0 ? "Default" : client.Name).Distinct()], "AddPooledHttpClient"),
    ];

    /// <summary>What the application put into a client's pipeline runs now, so that a handler that is not registered fails the start and not the first call.</summary>
    private static void Prepare(List<string> failures, string key, Action prepare)
    {
        try
        {
            prepare();
        }
        catch (OptionsValidationException exception)
        {
            failures.AddRange(exception.Failures);
        }
#pragma warning disable CA1031 // The application's own code may throw anything.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failures.Add($"{key}: {exception.Message}");
        }
    }

    private static void Collect(List<string> failures, Func<object> read)
    {
        try
        {
            read();
        }
        catch (OptionsValidationException exception)
        {
            failures.AddRange(exception.Failures);
        }
    }
}
