using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints.Resolving;
using PooledClients.Grpc.Balancing;
using PooledClients.Tls;

namespace PooledClients.Http;

/// <summary>Checks an HTTP client's options and its files.</summary>
internal sealed class PooledHttpClientOptionsValidator(BindingErrors bindingErrors, TlsRegistry tls, EndpointResolvers resolvers) : IValidateOptions<PooledHttpClientOptions>
{
    public ValidateOptionsResult Validate(string? name, PooledHttpClientOptions options)
    {
        var key = ConfigurationKeys.Http(name);
        var errors = new OptionsErrors(key);
        errors.AddRange(bindingErrors.Get(key));
        CheckAddress(options, errors);
        CheckEndpoints(options, errors);
        errors.CheckTime(nameof(options.Deadline), options.Deadline);
        errors.CheckTime(nameof(options.StreamingDeadline), options.StreamingDeadline);
        errors.CheckTime(nameof(options.ResponseHeldWarning), options.ResponseHeldWarning);
        errors.CheckTime(nameof(options.ResponseHeldTimeout), options.ResponseHeldTimeout);
        errors.CheckTime(nameof(options.IdleReadTimeout), options.IdleReadTimeout);
        errors.CheckName(nameof(options.AutomaticDecompression), options.AutomaticDecompression);
        errors.CheckConnection(options.Connection);
        CheckTls(options, errors);
        errors.CheckResilience(options.Resilience.Retry, options.Resilience.RetryBudget, options.Resilience.Breaker);
        return errors.Failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Failures);
    }

    private void CheckTls(PooledHttpClientOptions options, OptionsErrors errors)
    {
        // What service discovery finds may speak TLS, as the address says it would rather.
        if (options.Tls.IsSet && options.BaseAddress is { IsAbsoluteUri: true } clear && clear.Scheme != Uri.UriSchemeHttps && !ServiceTarget.IsDiscovered(clear))
        {
            errors.Add(
                nameof(options.Tls),
                $"certificates are set, but {nameof(options.BaseAddress)} is clear text ({clear.Scheme}:), where they are never used; use an https:// address or leave them out.");
            return;
        }

        errors.CheckTls(options.Tls, tls);
    }

    private static void CheckAddress(PooledHttpClientOptions options, OptionsErrors errors)
    {
        var address = options.BaseAddress;
        if (ServiceTarget.IsDiscovered(address) && AddressText.HasUserInfo(Authority(address!)))
        {
            errors.Add(nameof(options.BaseAddress), AddressText.UserInfoRefused(address!.OriginalString));
            return;
        }

        if (address is null || ServiceTarget.IsDiscovered(address) || (!AddressText.HasUserInfo(Authority(address)) && address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)))
        {
            return;
        }

        if (!ServiceAddress.TryParse(address, out _, out var reason))
        {
            errors.Add(nameof(options.BaseAddress), reason);
        }
    }

    private void CheckEndpoints(PooledHttpClientOptions options, OptionsErrors errors)
    {
        var kind = resolvers.KindOf(options.Endpoints, options.BaseAddress, hasCustom: false);
        errors.CheckEndpoints(options.Endpoints, kind, static text => EndPointText.TryParse(text, 1, out _), resolvers.Has(kind, options.BaseAddress, hasCustom: false));
        if (options.Endpoints.HealthCheck is not null)
        {
            errors.Add($"{nameof(options.Endpoints)}:{nameof(options.Endpoints.HealthCheck)}", "health checks are gRPC's, and an HTTP client makes none; leave it out.");
        }

        if (kind != EndpointResolver.None && options.BaseAddress is null)
        {
            errors.Add(nameof(options.BaseAddress), $"no address is set, and {nameof(options.Endpoints)} are those of one; set https://name or leave them out.");
        }
    }

    // The path of an HTTP address may well hold an at sign.
    private static string Authority(Uri address) =>
        address.IsAbsoluteUri && address.Host.Length > 0 ? $"{address.Scheme}://{address.UserInfo}{(address.UserInfo.Length > 0 ? "@" : "")}{address.Host}" : address.OriginalString;
}
