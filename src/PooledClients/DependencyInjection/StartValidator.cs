using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Grpc;
using PooledClients.Http;

namespace PooledClients.DependencyInjection;

/// <summary>Validates every client and the process-wide options in one go, so that all errors are seen at once and each once.</summary>
internal sealed class StartValidator(
    IOptions<PooledClientsOptions> options,
    IOptionsMonitor<PooledGrpcClientOptions> grpcOptions,
    IEnumerable<GrpcClientRegistration> grpcClients,
    IOptionsMonitor<PooledHttpClientOptions> httpOptions,
    IEnumerable<HttpClientRegistration> httpClients) : IValidateOptions<StartValidation>
{
    public ValidateOptionsResult Validate(string? name, StartValidation _)
    {
        var failures = new List<string>();
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

            Collect(failures, () => grpcOptions.Get(clients.Key));
        }

        foreach (var client in httpClients)
        {
            Collect(failures, () => httpOptions.Get(client.Name));
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
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
