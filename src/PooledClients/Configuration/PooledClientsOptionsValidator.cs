using Microsoft.Extensions.Options;

namespace PooledClients.Configuration;

/// <summary>Checks the process-wide options.</summary>
internal sealed class PooledClientsOptionsValidator(BindingErrors bindingErrors) : IValidateOptions<PooledClientsOptions>
{
    public ValidateOptionsResult Validate(string? name, PooledClientsOptions options)
    {
        var errors = new OptionsErrors(ConfigurationKeys.Root);
        errors.AddRange(bindingErrors.Get(ConfigurationKeys.Root, options.UnknownKeys));
        errors.CheckName(nameof(options.UnknownKeys), options.UnknownKeys);
        errors.CheckPositive($"{nameof(options.Descriptors)}:{nameof(DescriptorOptions.MaxConnections)}", options.Descriptors.MaxConnections);
        if (options.Descriptors.Reserve is < 0 or > 1024)
        {
            errors.Add($"{nameof(options.Descriptors)}:{nameof(DescriptorOptions.Reserve)}", $"{options.Descriptors.Reserve} is not between 0 and 1024.");
        }

        if (options.DrainTimeout != TimeSpan.Zero)
        {
            errors.CheckTime(nameof(options.DrainTimeout), options.DrainTimeout, mayBeInfinite: false);
        }

        errors.CheckTime($"{nameof(options.WarmUp)}:{nameof(WarmUpOptions.Timeout)}", options.WarmUp.Timeout, mayBeInfinite: false);
        return errors.Failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Failures);
    }
}
