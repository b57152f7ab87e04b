using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Balancing;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Channels;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.ServiceConfigs;
using PooledClients.Tls;

namespace PooledClients.Grpc;

/// <summary>Checks a gRPC client's options, its type and its files.</summary>
internal sealed class PooledGrpcClientOptionsValidator(
    BindingErrors bindingErrors,
    TlsRegistry tls,
    EndpointResolvers resolvers,
    IOptionsMonitor<GrpcClientSetup> setups,
    IEnumerable<GrpcClientRegistration> clients) : IValidateOptions<PooledGrpcClientOptions>
{
    // Polly's ten, and the first one.
    private const int MostHedgedAttempts = 11;

    private readonly ILookup<string, GrpcClientRegistration> _clients = clients.ToLookup(static client => client.Name, StringComparer.Ordinal);

    public ValidateOptionsResult Validate(string? name, PooledGrpcClientOptions options)
    {
        var key = ConfigurationKeys.Grpc(name);
        var errors = new OptionsErrors(key);
        errors.AddRange(bindingErrors.Get(key));

        var setup = setups.Get(name);
        if (setup.IsReplaced)
        {
            return ValidateOptionsResult.Success;
        }

        CheckAddress(options, setup, errors);
        errors.CheckTime(nameof(options.Deadline), options.Deadline);
        errors.CheckTime(nameof(options.StreamingDeadline), options.StreamingDeadline);
        errors.CheckPositive(nameof(options.MaxReceiveMessageSize), options.MaxReceiveMessageSize);
        errors.CheckPositive(nameof(options.MaxSendMessageSize), options.MaxSendMessageSize);
        errors.CheckName($"{nameof(options.Admission)}:{nameof(options.Admission.Mode)}", options.Admission.Mode);
        errors.CheckPositive($"{nameof(options.Admission)}:{nameof(options.Admission.MaxCallsInFlight)}", options.Admission.MaxCallsInFlight);
        errors.CheckConnection(options.Connection);
        CheckResilience(options.Resilience, errors);
        CheckServiceConfig(options.ServiceConfig, errors);
        foreach (var client in _clients[name ?? string.Empty])
        {
            CheckClient(client, options, setup, errors);
        }

        return errors.Failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Failures);
    }

    private void CheckAddress(PooledGrpcClientOptions options, GrpcClientSetup setup, OptionsErrors errors)
    {
        var hasCustom = setup.EndpointResolver is not null;
        var kind = resolvers.KindOf(options.Endpoints, options.Address, hasCustom);
        errors.CheckEndpoints(options.Endpoints, kind, static text => EndPointText.TryParse(text, 1, out _), resolvers.Has(kind, options.Address, hasCustom), hasCustom);
        if (kind != EndpointResolver.None && setup.PrimaryHandler is not null)
        {
            errors.Add(nameof(options.Endpoints), "endpoints are picked below the primary handler, which ConfigurePrimaryHttpMessageHandler has replaced; leave one of them out.");
        }

        if (options.Endpoints.HealthCheck is not null && kind == EndpointResolver.None)
        {
            errors.Add(
                $"{nameof(options.Endpoints)}:{nameof(options.Endpoints.HealthCheck)}",
                $"the address is one endpoint, so no other would take its calls; set {nameof(options.Endpoints)}:{nameof(options.Endpoints.Resolver)}, or leave it out.");
        }

        if (!resolvers.TryParse(options.Endpoints, options.Address, hasCustom, out var address, out var reason))
        {
            if (setup.PrimaryHandler is not null && options.Address is null)
            {
                CheckUnusedTls(options, errors);
                return;
            }

            errors.Add(nameof(options.Address), reason);
            errors.CheckTls(options.Tls, tls);
            return;
        }

        if (setup.PrimaryHandler is not null)
        {
            CheckUnusedTls(options, errors);
        }
        else if (address.IsSecure)
        {
            errors.CheckTls(options.Tls, tls);
        }
        else if (IsSet(options.Tls))
        {
            errors.Add(nameof(options.Tls), $"certificates are set, but {address} is clear text, where they are never used; use an https:// address or leave them out.");
        }

        if (ServiceTarget.IsDiscovered(options.Address) && setup.CallCredentials.Count > 0)
        {
            errors.Add(nameof(options.Address), $"call credentials were added, and '{AddressText.Print(options.Address!.OriginalString)}' may be found in clear text, where they would be sent for all to read; use https://.");
        }

        if (address.IsSecure)
        {
            return;
        }

        // What ConfigureChannel says of credentials on clear text is not known before the channel is made.
        if (setup.CallCredentials.Count > 0 && setup.ChannelActions.Count == 0)
        {
            errors.Add(nameof(options.Address), ChannelOptionsCheck.CredentialsOnClearText(address));
        }
    }

    private static void CheckUnusedTls(PooledGrpcClientOptions options, OptionsErrors errors)
    {
        if (IsSet(options.Tls))
        {
            errors.Add(
                nameof(options.Tls),
                "certificates are set, but ConfigurePrimaryHttpMessageHandler puts a handler in place of the pool that never uses them; leave one of the two out.");
        }
    }

    private static bool IsSet(TlsOptions options) => options is not { CaCertificatePath: null, CaCertificatePem: null, ClientCertificatePath: null };

    private static void CheckResilience(GrpcResilienceOptions options, OptionsErrors errors)
    {
        const string prefix = $"{nameof(PooledGrpcClientOptions.Resilience)}:{nameof(options.Hedging)}:";
        errors.CheckResilience(options.Retry, options.RetryBudget, options.Breaker);
        errors.CheckTime(prefix + nameof(options.Hedging.Delay), options.Hedging.Delay, mayBeInfinite: false);
        if (options.Hedging.MaxAttempts is < 2 or > MostHedgedAttempts)
        {
            errors.Add(
                prefix + nameof(options.Hedging.MaxAttempts),
                $"{options.Hedging.MaxAttempts} is not between 2 and {MostHedgedAttempts}, the most that are made at a time; leave Delay out for no hedging.");
        }
    }

    private static void CheckServiceConfig(string? json, OptionsErrors errors)
    {
        foreach (var error in json is null ? [] : ServiceConfigParser.Parse(json).Errors)
        {
            errors.Add(nameof(PooledGrpcClientOptions.ServiceConfig), error);
        }
    }

    private static void CheckClient(GrpcClientRegistration client, PooledGrpcClientOptions options, GrpcClientSetup setup, OptionsErrors errors)
    {
        if (!client.HasConstructor && setup.Creator is null)
        {
            errors.Add(
                nameof(IPooledGrpcClientBuilder),
                $"{client.ClientType} has no public constructor that takes a CallInvoker; say how to make it: AddPooledGrpcClient<…>().ConfigureClient(invoker => …).");
        }

        var service = setup.Descriptor ?? Idempotency.BesideClient(client.ClientType);
        foreach (var (method, methodOptions) in options.Methods)
        {
            var key = $"{nameof(options.Methods)}:{method}";
            errors.CheckTime($"{key}:{nameof(methodOptions.Deadline)}", methodOptions.Deadline);
            var slash = method.LastIndexOf('/');
            var bare = method[(slash + 1)..];
            if (method.StartsWith('/') || (slash > 0 && service is not null && method[..slash] != service.FullName))
            {
                errors.Add(key, $"'{method}' names no method of this client: write {bare}, or {service?.FullName ?? "package.Service"}/{bare}.");
            }
            else if (client.CallMethods.Count > 0 && !client.CallMethods.Contains(bare))
            {
                errors.Add(key, $"{client.ClientType} has no method '{bare}'; it has {string.Join(", ", client.CallMethods.Order(StringComparer.Ordinal))}.");
            }
        }
    }
}
