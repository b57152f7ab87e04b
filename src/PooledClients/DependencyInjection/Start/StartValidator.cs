using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;

namespace PooledClients.DependencyInjection.Start;

/// <summary>Validates every client and the process-wide options in one go, so that all errors are seen at once and each once.</summary>
internal sealed class StartValidator(
    IServiceProvider services, BindingErrors bindingErrors, IOptions<PooledClientsOptions> options, GrpcStartCheck grpc, HttpStartCheck http) : IValidateOptions<StartValidation>
{
    public ValidateOptionsResult Validate(string? name, StartValidation nothing)
    {
        var failures = new StartFailures();
        failures.Try(ConfigurationKeys.Root, () => _ = options.Value);
        grpc.CheckNames(failures);

        // The pool reads the process-wide options as it is made, and knows no name that is taken twice.
        var isPoolGood = failures.All.Count == 0;
        http.CheckNames(failures);
        var goodGrpc = grpc.CheckOptions(failures);
        var goodHttp = http.CheckOptions(failures);
        if (services.GetService<IConfiguration>() is { } configuration)
        {
            foreach (var failure in bindingErrors.Judge(FindUnknownClients(configuration)))
            {
                failures.Add(failure);
            }
        }

        grpc.CheckParts(isPoolGood ? goodGrpc : [], failures);
        http.CheckParts(isPoolGood ? goodHttp : [], failures);
        return failures.All.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures.All);
    }

    private IEnumerable<string> FindUnknownClients(IConfiguration configuration)
    {
        List<string> httpNames = [.. http.Names.Select(static name => name.Length == 0 ? "Default" : name).Distinct()];
        return
        [
            .. UnknownKeyFinder.FindMisspelt(configuration),
            .. UnknownKeyFinder.FindClients(configuration.GetSection($"{ConfigurationKeys.Root}:Grpc"), grpc.Names, "AddPooledGrpcClient", ByName(httpNames, ConfigurationKeys.Http)),
            .. UnknownKeyFinder.FindClients(configuration.GetSection($"{ConfigurationKeys.Root}:Http"), httpNames, "AddPooledHttpClient", ByName(grpc.Names, ConfigurationKeys.Grpc)),
        ];
    }

    private static Dictionary<string, string> ByName(IEnumerable<string> names, Func<string, string> section) =>
        names.DistinctBy(static name => name, StringComparer.OrdinalIgnoreCase).ToDictionary(static name => name, section, StringComparer.OrdinalIgnoreCase);
}
